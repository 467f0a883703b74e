"""What a stack begins with is simulated whole, whatever stopped it the first time."""

from __future__ import annotations

import pytest

from nextloop import settings
from nextloop.errors import SystemFault
from nextloop.stack import first
from nextloop.stack.places import Places, variables

WEEKS = 8


@pytest.fixture
def landing(tmp_path):
    """Where a stack without anything expects its orders."""
    (tmp_path / "logs").mkdir()
    return tmp_path / "landing"


def prepare(landing):
    """Begin a stack whose guest key is none, so that it ends after simulating; return why."""
    folder = landing.parent
    own = {
        "NEXTLOOP_LANDING": str(landing),
        "NEXTLOOP_LAKE": str(folder / "lake"),
        "NEXTLOOP_PRIVACY__GUEST_KEY": "short",
    }
    tree = settings.load({"landing": str(landing), "lake": str(folder / "lake")})
    with pytest.raises(SystemFault) as found:
        first.prepare_lake(tree, Places(folder, folder, folder), own, lambda _: None)
    return str(found.value)


def test_simulation_that_was_stopped_is_begun_anew(landing):
    """Weeks that were written before it failed count for nothing; the next start has them all."""
    hindrance = landing.with_name("landing-truth") / "files.parquet"
    hindrance.mkdir(parents=True)
    (hindrance.parent / "files.json").write_text("{}")
    assert "nextloop simulate failed" in prepare(landing)
    (draft,) = landing.parent.glob(".landing.*")
    assert len(list(draft.glob("*.csv"))) == WEEKS
    assert not landing.exists()

    (draft / ".week.csv.part").touch()  # as a process leaves it that was killed
    hindrance.rmdir()
    assert "nextloop run failed" in prepare(landing)
    assert [path.suffix for path in landing.iterdir()] == [".csv"] * WEEKS
    assert not draft.exists()


def test_empty_landing_is_filled_and_a_full_one_left_alone(landing):
    """A folder that somebody made is used; orders that lie there are theirs."""
    landing.mkdir()
    assert "nextloop run failed" in prepare(landing)
    assert len(list(landing.iterdir())) == WEEKS
    for path in list(landing.iterdir())[1:]:
        path.unlink()
    assert "nextloop run failed" in prepare(landing)
    assert len(list(landing.iterdir())) == 1


def test_landing_that_cannot_be_a_folder_is_told(landing):
    """A file in its place, or a disk's root, stays; what was simulated lies beside it."""
    landing.write_text("")
    assert "cannot be put in the place of" in prepare(landing)
    assert landing.read_text() == ""


def test_paths_are_meant_from_where_the_command_is_typed(tmp_path, monkeypatch):
    """Parts of a stack run in folders of their own; a bucket stays as it is."""
    monkeypatch.setenv("NEXTLOOP_LAKE", "호텔/lake")
    monkeypatch.setenv("NEXTLOOP_METRICS_FOLDER", "~/metrics")
    monkeypatch.setenv("NEXTLOOP_LANDING", "gs://hotels/landing")
    monkeypatch.setenv("NEXTLOOP_MLFLOW__USERNAME", "someone")
    folder = tmp_path / "stack"
    own = variables(settings.load(), Places(folder, folder, folder))
    assert own["NEXTLOOP_LAKE"] == str(tmp_path / "호텔/lake")
    assert own["NEXTLOOP_METRICS_FOLDER"] == str(tmp_path / "home/metrics")
    assert own["NEXTLOOP_LANDING"] == "gs://hotels/landing"
    assert own["NEXTLOOP_MLFLOW__USERNAME"] == "someone"
    assert own["NEXTLOOP_SERVING__EVENTS_FOLDER"] == str(folder / "events")
