"""The simulator writes only where nothing else lies, and removes only what is its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from nextloop import simulator
from nextloop.errors import UsageFault
from nextloop.simulator import SimulatorConfig, prepare

TWO_WEEKS = SimulatorConfig(hotels=1, weeks=2, orders=20)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    landing, truth = tmp_path / "landing", tmp_path / "truth"
    simulator.write(simulator.simulate(TWO_WEEKS), landing, truth)
    return landing, truth


def test_new_and_empty_folders_are_welcome(tmp_path: Path) -> None:
    """Neither a missing nor an empty folder stops anything."""
    (tmp_path / "empty").mkdir()
    prepare(tmp_path / "empty", tmp_path / "truth", [])
    prepare(tmp_path / "new", tmp_path / "truth", [])
    assert not (tmp_path / "new").exists()


def test_own_files_that_are_not_written_again_go(folders: tuple[Path, Path]) -> None:
    """A shorter world leaves none of the longer one's weeks behind."""
    landing, truth = folders
    prepare(landing, truth, [TWO_WEEKS.file_name(0)])
    assert [path.name for path in landing.iterdir()] == [TWO_WEEKS.file_name(0)]


@pytest.mark.parametrize("name", ["notes.txt", TWO_WEEKS.file_name(1)])
def test_foreign_and_changed_files_stop_it(folders: tuple[Path, Path], name: str) -> None:
    """A file that the simulator did not write just so is named, and nothing is touched."""
    landing, truth = folders
    (landing / name).write_text("mine")
    with pytest.raises(UsageFault, match=name):
        prepare(landing, truth, [])
    assert len(list(landing.glob("*.csv"))) == 2
    prepare(landing, truth, [], force=True)
    assert [path.read_text() for path in landing.iterdir()] == ["mine"]


def test_a_landing_whose_truth_is_gone_is_foreign(folders: tuple[Path, Path]) -> None:
    """Without the truth nobody can say whose files these are."""
    landing, truth = folders
    with pytest.raises(UsageFault, match="and 1 more"):
        prepare(landing, truth.with_name("other"), [])


def test_a_truth_folder_with_something_else_stops_it(tmp_path: Path) -> None:
    """The truth's tables are not strewn into somebody's folder."""
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "orders.parquet").write_text("mine")
    with pytest.raises(UsageFault, match="holds something else"):
        prepare(tmp_path / "landing", tmp_path / "truth", [])


def test_a_file_in_place_of_a_folder_stops_it(tmp_path: Path) -> None:
    """A landing that is a file is named."""
    (tmp_path / "landing").write_text("")
    with pytest.raises(UsageFault, match="is a file"):
        prepare(tmp_path / "landing", tmp_path / "truth", [])
