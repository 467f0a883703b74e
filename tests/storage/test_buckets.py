"""Buckets: listed, read and written like folders, and safe for many at once."""

from __future__ import annotations

import threading

import pytest
from tests.storage.conftest import MEALS, MONDAY, meals, written

from nextloop.errors import DataFault, UsageFault
from nextloop.storage import delta, files
from nextloop.storage.lake import Lake, create_lake, is_lake, open_lake
from nextloop.storage.landing import hashed, list_landing


def put(path: str, data: bytes) -> None:
    """Write an object."""
    with files.open_output(path) as stream:
        stream.write(data)


@pytest.fixture
def place(gcs) -> str:
    """An empty place in a bucket."""
    return str(gcs.place())


def test_landing_lists_order_files_below_its_prefix(place):
    """Names are relative to the landing; neighbours and consoles' folder marks are left out."""
    for name in ("in/b/a.csv.gz", "in/z.csv", "in/notes.txt", "inner/x.csv", "in/b/", "x.csv"):
        put(f"{place}/{name}", name.encode())
    found = list_landing(f"{place}/in/")
    assert [(file.name, file.size) for file in found] == [("b/a.csv.gz", 13), ("z.csv", 8)]
    assert [file.path for file in found] == [f"{place}/in/b/a.csv.gz", f"{place}/in/z.csv"]


def test_landing_of_more_files_than_a_page(place):
    """A listing goes on after its first thousand."""
    with_pages = [f"{number:04}.csv" for number in range(1100)]
    for name in with_pages:
        files.create_new(f"{place}/in/{name}", b"")
    assert [file.name for file in list_landing(f"{place}/in")] == with_pages


def test_file_that_was_replaced_is_another(place):
    """A generation is a file's mark: the same bytes written again have another."""
    put(f"{place}/w.csv", b"zz")
    (first,) = list_landing(place)
    assert [file.sha256 for file in hashed([first], {("w.csv", first.mark): "known"})] == ["known"]
    put(f"{place}/w.csv", b"zz")
    (second,) = list_landing(place)
    assert first.mark != second.mark
    with files.local_copy(second.path, second.mark) as copy:
        assert copy.read_bytes() == b"zz"
        assert copy.suffix == ".csv"
    for change in (lambda: None, lambda: files.remove_tree(place)):
        change()
        with pytest.raises(DataFault, match="written to while"):
            with_old_mark(first)


def with_old_mark(file: files.Found) -> None:
    """Read a file as it was listed."""
    with files.local_copy(file.path, file.mark):
        pass


def test_landing_that_is_not_there(place):
    """An empty prefix is no landing, and a bucket that is missing is told by its name."""
    with pytest.raises(DataFault, match="holds no order file"):
        list_landing(f"{place}/nothing")
    with pytest.raises(UsageFault, match="no bucket nextloop-not-there-5f2c"):
        list_landing("gs://nextloop-not-there-5f2c/in")


def test_of_many_that_make_one_file_one_does(place):
    """Exactly one is told that it wrote, and its bytes are those that stay."""
    told: dict[int, bool] = {}

    def make(number: int) -> None:
        told[number] = files.create_new(f"{place}/mark", str(number).encode())

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [number for number, wrote in told.items() if wrote]
    assert files.read_bytes(f"{place}/mark") == str(winner).encode()


def test_writing_that_fails_leaves_nothing(place):
    """What raised half way was never sent."""

    def write() -> None:
        with files.open_output(f"{place}/x") as stream:
            stream.write(b"half" * 1_000_000)
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        write()
    assert not files.exists(f"{place}/x")


def test_removing_a_prefix_leaves_its_neighbours(place):
    """Only what lies below goes."""
    for name in ("run-1/a", "run-1/b/c", "run-10/a", "run-1.txt"):
        put(f"{place}/{name}", b"")
    files.remove_tree(f"{place}/run-1")
    assert [file.name for file in files.listed(place)] == ["run-1.txt", "run-10/a"]
    files.remove_tree(f"{place}/run-1")


def test_lake_in_a_bucket(place):
    """It opens with its key, is not made over something else, and says when there is none."""
    assert not is_lake(f"{place}/lake")
    with pytest.raises(DataFault, match="There is no lake"):
        open_lake(f"{place}/lake")
    made = create_lake(f"{place}/lake", "ab" * 8)
    assert create_lake(f"{place}/lake/", "ab" * 8) == made == open_lake(f"{place}/lake")
    with pytest.raises(UsageFault, match="another guest key"):
        create_lake(f"{place}/lake", "cd" * 8)
    put(f"{place}/else/w.csv", b"")
    with pytest.raises(UsageFault, match="not a NextLoop lake"):
        create_lake(f"{place}/else", "ab" * 8)
    assert [file.name for file in files.listed(f"{place}/else")] == ["w.csv"]


def test_of_many_publishers_one_wins(place):
    """Of runs that planned from one version exactly one publishes; the others change nothing."""
    lake = create_lake(f"{place}/lake", "0" * 16)
    base = delta.create(lake, MEALS)
    told: dict[int, bool] = {}
    ready = threading.Barrier(6)

    def publish(number: int) -> None:
        rows = written(lake, f"r{number}", meals(MONDAY, number))
        ready.wait()
        try:
            delta.publish(lake, MEALS, rows, f"r{number}", base)
            told[number] = True
        except delta.Overtaken:
            told[number] = False

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [number for number, won in told.items() if won]
    assert len(told) == 6
    assert numbers(lake) == [winner]
    assert delta.version(lake, MEALS) == base + 1


def numbers(lake: Lake) -> list[int]:
    """The numbers of all meals."""
    return sorted(delta.read(lake, MEALS)["meal"].to_pylist())
