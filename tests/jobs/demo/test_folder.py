"""Whose folder it is: a demo replaces what is its own and touches nothing else."""

from __future__ import annotations

import tomllib

import pytest

from nextloop.errors import SystemFault, UsageFault
from nextloop.jobs.demo.folder import MARK, deliver, opened
from nextloop.simulator.landing import digest, remember

NUMBERS = {"hotels": 1, "seed": 7}


def _made(root, name: str = "week.csv") -> None:
    """Leave what a demo leaves: an order file that the truth knows, a lake, a key, a page."""
    with opened(root, NUMBERS, keep=False) as folder:
        for path in (folder.landing, folder.truth, folder.lake):
            path.mkdir()
        (folder.landing / name).write_text("order_seq\n")
        remember(folder.truth, {name: digest(folder.landing / name)})
        (folder.lake / "nextloop-lake.json").write_text("{}")
        folder.guest_key.write_text("key")
        folder.report.write_text("page")


def test_new_folder_is_marked_and_has_settings(tmp_path):
    """Its settings name its own landing, lake and keys by absolute paths."""
    root = tmp_path / "a b/데모"
    with opened(root, NUMBERS, keep=False) as folder:
        settings = tomllib.loads(folder.settings.read_text("utf-8"))
    assert settings == {
        "landing": f"{root}/landing",
        "lake": f"{root}/lake",
        "privacy": {"guest_key_file": f"{root}/guest.key"},
        "serving": {"keys_file": f"{root}/api-keys.json"},
    }
    assert (root / MARK).is_file()


def test_fresh_demo_removes_the_earlier_one(tmp_path):
    """Landing, truth, lake, key and page of an earlier demo go; a note of somebody's stays."""
    _made(tmp_path / "demo")
    (tmp_path / "demo/notes.txt").write_text("mine")
    with opened(tmp_path / "demo", {"hotels": 2}, keep=False) as folder:
        left = sorted(path.name for path in folder.root.iterdir())
    assert left == [MARK, "nextloop.toml", "notes.txt"]


def test_kept_demo_stays_as_it_is(tmp_path):
    """With the same numbers everything is kept; with others that is refused by name."""
    _made(tmp_path / "demo")
    with opened(tmp_path / "demo", NUMBERS, keep=True) as folder:
        assert folder.report.read_text() == "page"
        assert folder.guest_key.read_text() == "key"
    with (
        pytest.raises(UsageFault, match="was made with hotels 1, seed 7"),
        opened(tmp_path / "demo", {"hotels": 2, "seed": 7}, keep=True),
    ):
        pass


@pytest.mark.parametrize("path", ["notes.txt", "landing/orders.csv"])
def test_foreign_folder_is_refused(tmp_path, path):
    """A folder that no demo made is not written to, whatever it holds."""
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text("mine")
    with pytest.raises(UsageFault, match="no demo made"), opened(tmp_path, NUMBERS, keep=False):
        pass
    assert (tmp_path / path).read_text() == "mine"
    assert not (tmp_path / MARK).exists()


def test_file_is_no_folder(tmp_path):
    """A file in the place of the folder is said to be one."""
    (tmp_path / "demo").write_text("")
    with (
        pytest.raises(UsageFault, match="is a file"),
        opened(tmp_path / "demo", NUMBERS, keep=False),
    ):
        pass


@pytest.mark.parametrize(
    ("path", "text"), [("landing/mine.csv", "mine"), ("landing/week.csv", "changed by hand")]
)
def test_foreign_file_in_the_landing_stops_it(tmp_path, path, text):
    """Nothing is removed while a file lies in the landing that is not as the demo made it."""
    root = tmp_path / "demo"
    _made(root)
    (root / path).write_text(text)
    with pytest.raises(UsageFault, match="not as a demo made it"):
        opened(root, NUMBERS, keep=False).__enter__()
    assert (root / path).read_text() == text
    assert (root / "lake/nextloop-lake.json").exists()
    assert (root / "report.html").exists()


def test_foreign_lake_stops_it(tmp_path):
    """A lake without a lake's mark is somebody else's."""
    root = tmp_path / "demo"
    _made(root)
    (root / "lake/nextloop-lake.json").rename(root / "lake/data.txt")
    with pytest.raises(UsageFault, match="not as a demo made it"):
        opened(root, NUMBERS, keep=False).__enter__()
    assert (root / "lake/data.txt").exists()


def test_two_demos_do_not_share_a_folder(tmp_path):
    """The second one is refused while the first runs, and may run afterwards."""
    with (
        opened(tmp_path / "demo", NUMBERS, keep=False),
        pytest.raises(SystemFault, match="Another demo runs"),
        opened(tmp_path / "demo", NUMBERS, keep=False),
    ):
        pass
    with opened(tmp_path / "demo", NUMBERS, keep=False):
        pass


def test_files_arrive_once(tmp_path):
    """A file moves from the export to the landing; one that arrived before is not touched."""
    with opened(tmp_path / "demo", NUMBERS, keep=False) as folder:
        folder.export.mkdir()
        (folder.export / "week.csv").write_text("first")
        deliver(folder, "week.csv")
        (folder.export / "week.csv").write_text("second")
        deliver(folder, "week.csv")
        assert (folder.landing / "week.csv").read_text() == "first"
        assert list(folder.export.iterdir()) == []
