"""Delta tables: a run's files show at once or not at all, and every version can be read again."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from tests.lakes import published
from tests.storage.conftest import MEALS, MONDAY, NEXT, meals, of_bytes, written

from nextloop.errors import DataFault, SystemFault
from nextloop.storage import delta, files
from nextloop.storage.slices import write_slice
from nextloop.tables import INTERACTIONS


def numbers(lake, version=None):
    """Week and number of every meal, in order."""
    found = delta.read(lake, MEALS, version).sort_by([("week", "ascending"), ("meal", "ascending")])
    return [(str(row["week"]), row["meal"]) for row in found.to_pylist()]


def test_publishing_replaces_the_weeks_it_brings(lake):
    """A week that comes again replaces what was there of it; other weeks stay."""
    published(lake, MEALS, written(lake, "a", meals(MONDAY, 1, 2), meals(NEXT, 3)), "a")
    published(lake, MEALS, written(lake, "b", meals(MONDAY, 9)), "b")
    assert numbers(lake) == [("2017-12-18", 9), ("2017-12-25", 3)]


def test_emptied_week_is_removed(lake):
    """A week without rows needs no file to be gone."""
    published(lake, MEALS, written(lake, "a", meals(MONDAY, 1), meals(NEXT, 3)), "a")
    published(lake, MEALS, [], "b", emptied=[str(MONDAY)])
    assert numbers(lake) == [("2017-12-25", 3)]


def test_every_version_can_be_read_again(lake):
    """What a training run read stays readable after later runs."""
    first = published(lake, MEALS, written(lake, "a", meals(MONDAY, 1)), "a")
    second = published(lake, MEALS, written(lake, "b", meals(MONDAY, 2)), "b")
    assert first < second == delta.version(lake, MEALS)
    assert numbers(lake, first) == [("2017-12-18", 1)]
    assert numbers(lake, second) == numbers(lake) == [("2017-12-18", 2)]
    assert numbers(lake, 0) == []


def test_nothing_to_publish_makes_no_version(lake):
    """A run without files, or that empties what is not there, leaves the table alone."""
    version = published(lake, MEALS, written(lake, "a", meals(MONDAY, 1)), "a")
    assert published(lake, MEALS, [], "b") == version
    assert published(lake, MEALS, [], "c", emptied=[str(NEXT)]) == version


def test_creating_twice_is_once(lake):
    """A table that is there keeps its version."""
    assert delta.version(lake, MEALS) == delta.NO_VERSION
    assert delta.create(lake, MEALS) == 0
    assert delta.create(lake, MEALS) == 0


def test_files_that_are_not_published_do_not_show(lake):
    """Readers see what was committed, whatever else lies in the folder."""
    published(lake, MEALS, written(lake, "a", meals(MONDAY, 1)), "a")
    written(lake, "dead", meals(MONDAY, 7), meals(NEXT, 8))
    assert numbers(lake) == [("2017-12-18", 1)]


def test_of_two_publishers_one_fails_whole(lake):
    """Both start from one version: the second changes nothing, not even in another week."""
    base = published(lake, MEALS, written(lake, "a", meals(MONDAY, 1)), "a")
    delta.publish(lake, MEALS, written(lake, "theirs", meals(MONDAY, 3)), "theirs", base)
    with pytest.raises(SystemFault, match="Another run published meals"):
        delta.publish(lake, MEALS, written(lake, "ours", meals(NEXT, 2)), "ours", base)
    assert numbers(lake) == [("2017-12-18", 3)]


def test_late_publisher_fails_after_any_number_of_others(lake):
    """A run that was thought dead cannot publish what it made of old data, nor rewind."""
    base = published(lake, MEALS, written(lake, "a", meals(MONDAY, 1)), "a")
    for number in range(2, 5):
        published(lake, MEALS, written(lake, f"b{number}", meals(NEXT, number)), "b")
    delta.rewind(lake, MEALS, base, delta.version(lake, MEALS))
    with pytest.raises(SystemFault, match="Another run published meals"):
        delta.publish(lake, MEALS, written(lake, "late", meals(NEXT, 9)), "late", base)
    with pytest.raises(SystemFault, match="Another run published meals"):
        delta.rewind(lake, MEALS, 0, base)
    assert numbers(lake) == [("2017-12-18", 1)]


def test_publisher_that_did_not_see_a_rewinding_fails(lake):
    """Taking a run back counts as a change like any other."""
    first = published(lake, MEALS, written(lake, "a", meals(MONDAY, 1)), "a")
    second = published(lake, MEALS, written(lake, "b", meals(MONDAY, 2)), "b")
    assert delta.rewind(lake, MEALS, first, second) == second + 1
    with pytest.raises(SystemFault, match="Another run published meals"):
        delta.publish(lake, MEALS, written(lake, "c", meals(NEXT, 3)), "c", second)
    assert numbers(lake) == [("2017-12-18", 1)]


def test_rewinding_gives_an_older_version_anew(lake):
    """The table has the older rows again; the versions between stay readable."""
    first = published(lake, MEALS, written(lake, "a", meals(MONDAY, 1)), "a")
    second = published(lake, MEALS, written(lake, "b", meals(MONDAY, 2)), "b")
    delta.rewind(lake, MEALS, first, second)
    assert numbers(lake) == [("2017-12-18", 1)]
    assert numbers(lake, second) == [("2017-12-18", 2)]
    assert delta.holds_same(lake, MEALS, first, delta.version(lake, MEALS))
    assert not delta.holds_same(lake, MEALS, first, second)
    third = published(lake, MEALS, written(lake, "c", meals(MONDAY, 3)), "c")
    assert third > second
    assert numbers(lake) == [("2017-12-18", 3)]


def test_history_names_runs_and_what_they_say(lake):
    """Each commit carries the run and what it was about, the newest first."""
    published(lake, MEALS, written(lake, "a", meals(MONDAY, 1)), "run-a")
    published(
        lake, MEALS, written(lake, "b", meals(NEXT, 1)), "run-b", about={"as_of": "2017-12-31"}
    )
    commits = delta.history(lake, MEALS)
    assert [(found["version"], found.get("run_id")) for found in commits] == [
        (2, "run-b"),
        (1, "run-a"),
        (0, None),
    ]
    assert commits[0]["as_of"] == "2017-12-31"


def test_history_numbers_commits_rightly_while_others_commit(lake, monkeypatch):
    """A commit that comes in while the history is read shifts no other's version."""
    published(lake, MEALS, written(lake, "a", meals(MONDAY, 1)), "a")
    listing = DeltaTable.history
    waiting = [written(lake, "b", meals(MONDAY, 2))]

    def with_a_commit_before(opened, limit=None):
        if waiting:
            published(lake, MEALS, waiting.pop(), "b")
        return listing(opened, limit)

    monkeypatch.setattr(DeltaTable, "history", with_a_commit_before)
    found = [(each["version"], each.get("run_id")) for each in delta.history(lake, MEALS)]
    assert found == [(2, "b"), (1, "a"), (0, None)]


def test_reading_some_columns_and_rows(lake):
    """A reader asks for columns in an order and for rows by a condition."""
    published(lake, MEALS, written(lake, "a", meals(MONDAY, 1), meals(NEXT, 2)), "a")
    found = delta.read(lake, MEALS, where=[("week", "=", NEXT)], columns=["name", "meal"])
    assert found.to_pylist() == [{"name": "밥", "meal": 2}]


def test_table_that_is_not_there(lake):
    """Reading says what is missing and how it is made."""
    with pytest.raises(DataFault, match="no table meals") as found:
        delta.read(lake, MEALS)
    assert "nextloop" in found.value.hint


def test_damaged_log_is_told(lake):
    """A log that cannot be read is told from a version that is not there."""
    published(lake, MEALS, written(lake, "a", meals(MONDAY, 1)), "a")
    with files.open_output(f"{lake.folder(MEALS.name)}/_delta_log/{1:020}.json") as log:
        log.write(b"{half")
    with pytest.raises(DataFault, match=r"log of the table meals .* is damaged"):
        delta.read(lake, MEALS)


@pytest.mark.parametrize("version", [-2, 5, 2**40])
def test_version_that_is_not_there(lake, version):
    """A version that was never made is told from a table that was never made."""
    published(lake, MEALS, written(lake, "a", meals(MONDAY, 1)), "a")
    with pytest.raises(DataFault, match=f"no version {version}"):
        delta.read(lake, MEALS, version)


def test_slices_describe_their_rows(lake):
    """Counts and bounds stand in the log, so that nobody opens a file to look for a week."""
    published(lake, MEALS, written(lake, "a", meals(MONDAY, 1, 5, name=None)), "a")
    (found,) = delta.slices(lake, MEALS)
    assert (found["num_records"], found["min.meal"], found["max.meal"]) == (2, 1, 5)
    assert (found["min.week"], found["null_count.meal"]) == (MONDAY, 0)


def test_paths_of_some_weeks(lake):
    """An engine is handed only the files of the weeks that it asks for."""
    published(lake, MEALS, written(lake, "a", meals(MONDAY, 1), meals(NEXT, 2)), "a")
    assert len(delta.paths(lake, MEALS)) == 2
    (path,) = delta.paths(lake, MEALS, slices=[str(NEXT)])
    assert path.endswith("run-a/2017-12-25.parquet")


def test_head_opens_no_more_files_than_it_needs(lake):
    """A sample of a large table is quick: a file that it does not need may even be gone."""
    week, other = written(lake, "a", meals(MONDAY, 1, 2, 3), meals(NEXT, 4))
    version = published(lake, MEALS, [week, other], "a")
    with files.open_output(f"{lake.folder(MEALS.name)}/{other.path}") as file:
        file.write(b"gone")
    assert [row["meal"] for row in delta.head(lake, MEALS, version, 2)] == [1, 2]


def test_file_of_two_weeks_is_refused(lake):
    """A data file holds one week, else a replaced week would take another with it."""
    with pytest.raises(ValueError, match="of week"):
        written(lake, "a", pa.concat_tables([meals(MONDAY, 1), meals(NEXT, 2)]))


def test_row_without_its_key_is_refused(lake):
    """A null where none may be never reaches a table."""
    rows = meals(MONDAY, 1).set_column(1, "meal", pa.array([None], pa.int64()))
    with pytest.raises(ValueError, match="null"):
        written(lake, "a", rows)


def test_rows_are_stored_in_the_order_of_their_key(lake):
    """Equal rows give equal bytes, in whatever order an engine hands them over."""
    one, other = (
        written(lake, "a", meals(MONDAY, 3, 1, 2)),
        written(lake, "b", meals(MONDAY, 1, 2, 3)),
    )
    assert of_bytes(lake, one[0]) == of_bytes(lake, other[0])


def test_task_that_is_tried_again_writes_its_file_anew(lake):
    """An engine may run a task twice; the second try leaves one whole file."""
    written(lake, "a", meals(MONDAY, 1))
    again = written(lake, "a", meals(MONDAY, 1))
    assert len(files.listed(lake.folder(MEALS.name))) == 1
    published(lake, MEALS, again, "a")
    assert numbers(lake) == [("2017-12-18", 1)]


def test_statistics_of_a_table_spread_over_hotels(lake):
    """A file's path names its slice and its part."""
    rows = pa.Table.from_pylist(
        [
            {
                **dict.fromkeys(INTERACTIONS.schema.names),
                "as_of": NEXT,
                "hotel": 10,
                "order_seq": 1,
                "item": 7,
                "stay": "10:order-1",
                "ordered_at": 0,
                "local_date": MONDAY,
                "hour": 19,
                "weekday": 0,
                "quantity": 1,
                "price": 5,
                "revenue": 5,
                "coupon": False,
            }
        ],
        INTERACTIONS.schema,
    )
    file = write_slice((lake.folder("interactions")), INTERACTIONS, "r", rows)
    assert (file.path, file.value, file.rows) == ("run-r/2017-12-25-10.parquet", "2017-12-25", 1)
    assert json.loads(file.stats)["minValues"]["hotel"] == 10
