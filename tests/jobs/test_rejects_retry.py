"""Rejected rows once more: what was mended comes in, nothing is doubled, counts add up again."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from tests.generated_rows import broken_lines, rows
from tests.jobs.test_conservation import check_tables
from tests.lakes import Chain
from tests.order_files import KEY, contents, csv_line, item, row

from nextloop.errors import DataFault, UsageFault
from nextloop.jobs.rejects.listing import overview
from nextloop.jobs.rejects.retry import retry
from nextloop.tables import ORDER_LINES, ORDERS, REJECTED_ROWS
from nextloop.tables.order_file import COLUMNS

SHORT = {"orders.max_row_bytes": 1500}
LONG = contents(*[item(itemSeq=number) for number in range(9)])
assert len(csv_line(row(1))) < 1500 < len(csv_line(row(1, contents=LONG)))


def long(order: int, **changes: str) -> dict[str, str]:
    """A row that is too long for the strict settings."""
    return row(order, contents=LONG, order_price="\\N", **changes)


def again(chain: Chain, *names: str, **flags: object):
    """Retry by the default settings, or with others."""
    root = Path(chain.place)
    return retry(Chain(root, chain.sail, **flags).settings, names, chain.sail)


def counts(chain: Chain, name: str) -> tuple[int, ...]:
    """Rows in, accepted, rejected, superseded, replaced of a file in the ledger."""
    entry = chain.ledger()[name]
    names = ("rows_in", "accepted", "rejected", "superseded", "replaced")
    return tuple(entry[each] for each in names)


def told(report) -> list[tuple[object, ...]]:
    """What the report says of each file that was read again."""
    return [
        (each.file_name, each.before, each.accepted, each.superseded, each.rejected)
        for each in report.retried
    ]


@pytest.fixture
def strict(tmp_path, sail):
    """A chain that rejects long rows, with one file of two good, one long and two broken rows."""
    chain = Chain(tmp_path, sail, **SHORT)
    chain.take_in([row(1), long(2), row(3), "broken", row(4, reg_date="soon")])
    assert counts(chain, "w.csv#1") == (5, 2, 3, 0, 0)
    return chain


def test_changed_setting_brings_its_rows_in(strict):
    """Only the row that the setting had kept out comes in; the counts are those of today."""
    report = again(strict)
    assert told(report) == [("w.csv", 3, 1, 0, 2)]
    assert (report.new_files, report.rows_in, report.accepted, report.rejected) == (0, 3, 1, 2)
    assert strict.rows(ORDERS, "order_seq", "line_number") == [(1, 2), (2, 3), (3, 4)]
    assert len(strict.rows(ORDER_LINES, "order_seq")) == 11
    assert strict.rows(REJECTED_ROWS, "line_number", "reason") == [
        (5, "column_count"),
        (6, "not_a_time"),
    ]
    assert counts(strict, "w.csv#1") == (5, 3, 2, 0, 0)
    check_tables(strict)


def test_second_retry_changes_nothing(strict):
    """Neither a table's version nor a file of the lake is made."""
    again(strict)
    versions, files = strict.versions(), set(strict.root.rglob("*"))
    report = again(strict)
    assert told(report) == [("w.csv", 2, 0, 0, 2)]
    assert strict.versions() == versions
    assert set(strict.root.rglob("*")) == files
    assert strict.ingest().new_files == 0


def test_last_rejected_rows_leave_an_empty_table(tmp_path, sail):
    """A file of which all rows get in has no rejected rows, and is not read again."""
    chain = Chain(tmp_path, sail, **SHORT)
    chain.take_in([row(1), long(2)])
    again(chain)
    assert chain.rows(REJECTED_ROWS, "line_number") == []
    assert counts(chain, "w.csv#1") == (2, 2, 0, 0, 0)
    assert (again(chain).retried, again(chain).gone) == ([], [])


def test_rows_that_were_taken_in_stay_as_they_are(strict):
    """Settings that would read or reject them otherwise touch only what was rejected."""
    before = strict.table(ORDERS).to_pylist()
    report = again(strict, **{"orders.timezone": "America/New_York"})
    assert told(report) == [("w.csv", 3, 1, 0, 2)]
    found = strict.table(ORDERS).to_pylist()
    assert [found[0], found[2]] == before
    assert (found[1]["reg_at"] - before[0]["reg_at"]).total_seconds() == 14 * 3600
    report = again(strict, **{"orders.max_row_bytes": 1024, "orders.max_file_bytes": 10**6})
    assert told(report) == [("w.csv", 2, 0, 0, 2)]
    assert strict.table(ORDERS).to_pylist() == found


def test_file_that_today_cannot_be_read_is_told_and_kept(strict):
    """Settings that refuse the file leave its rows, rejected or not, as they are."""
    versions = strict.versions()
    (found,) = again(strict, **{"orders.max_file_bytes": 1024}).retried
    assert "more than 1024 bytes" in (found.refused or "")
    assert (found.before, found.rejected) == (3, 3)
    assert strict.versions() == versions


def test_row_of_an_order_that_is_known_by_now(tmp_path, sail):
    """A retried row contests with what came since: the newest state counts, once."""
    chain = Chain(tmp_path, sail, **SHORT)
    chain.take_in([long(1, status="CHECK", complete_date=""), long(2), long(3)], "a.csv")
    chain.take_in([row(1), row(3, status="CHECK", complete_date="")], "b.csv")
    report = again(chain)
    assert told(report) == [("a.csv", 3, 2, 1, 0)]
    assert chain.rows(ORDERS, "order_seq", "state", "file_name") == [
        (1, "complete", "b.csv"),
        (2, "complete", "a.csv"),
        (3, "complete", "a.csv"),
    ]
    assert counts(chain, "a.csv#1") == (3, 2, 0, 1, 1)
    check_tables(chain)


@pytest.mark.parametrize("name", ["w.csv", "v.csv", "x.csv"])
def test_corrected_file_comes_in_without_doubling(strict, name):
    """Under its name, an earlier or a later one: each order once, and all counts add up."""
    strict.put(name, [row(1), long(2), row(3), row(4), row(5)])
    report = again(strict)
    assert report.new_files == 1
    assert strict.rows(ORDERS, "order_seq") == [(1,), (2,), (3,), (4,), (5,)]
    assert report.rows_in == report.accepted + report.rejected + report.superseded
    check_tables(strict)
    found = overview(strict.settings)["rejects"]
    mended = {each["reason"]: each["mended"] for each in found if each["file"] == "w.csv"}
    if name == "w.csv":  # the row that named nobody went with the file's former content
        assert mended == {"column_count": 1, "not_a_time": 1, "row_too_long": 1}
    else:
        assert mended == {"column_count": 0, "not_a_time": 1}
    assert report.gone == []  # the landing holds it still, in whatever revision


def test_only_the_named_files_are_looked_at(tmp_path, sail):
    """Other files wait: those with rejected rows and new ones."""
    chain = Chain(tmp_path, sail, **SHORT)
    chain.put("a.csv", [long(1)])
    chain.put("b.csv", [long(2)])
    chain.ingest()
    chain.put("c.csv", [row(3)])
    assert told(again(chain, "a.csv")) == [("a.csv", 1, 1, 0, 0)]
    assert chain.rows(ORDERS, "order_seq") == [(1,)]
    assert again(chain, "c.csv").new_files == 1
    assert told(again(chain)) == [("b.csv", 1, 1, 0, 0)]
    check_tables(chain)


def test_name_that_nobody_knows(strict):
    """A mistyped name is told with the nearest one; a lake that is not there, too."""
    with pytest.raises(UsageFault, match=r"has a file w\.cvs") as found:
        again(strict, "w.cvs")
    assert "w.csv" in found.value.hint
    with pytest.raises(DataFault, match="no lake"):
        again(strict, lake=f"{strict.place}/elsewhere")


def test_content_that_moved_within_the_landing_is_found(strict):
    """Content decides: under another name it is read again as the file that it was."""
    (strict.landing / "w.csv").rename(strict.landing / "moved.csv")
    assert told(again(strict)) == [("w.csv", 3, 1, 0, 2)]
    assert list(strict.ledger()) == ["w.csv#1"]


def test_content_that_is_gone_is_skipped_and_told(strict):
    """Without its bytes nothing can be read again, and nothing changes."""
    strict.put("other.csv", [row(9)])
    (strict.landing / "w.csv").unlink()
    report = again(strict)
    assert (report.gone, report.retried, report.new_files) == (["w.csv, revision 1"], [], 1)
    assert counts(strict, "w.csv#1") == (5, 2, 3, 0, 0)


def test_rows_over_lines_that_were_taken_for_many(tmp_path, sail):
    """A printed row too long was five broken lines; now it is one good row, and counted as one."""
    chain = Chain(tmp_path, sail, **{"orders.max_row_bytes": 1024})
    printed = contents(*[item(itemSeq=number) for number in range(4)]).replace("}, ", "},\n")
    chain.take_in([row(1), row(2, contents=printed), row(3)])
    rows_in, accepted, rejected, *_ = counts(chain, "w.csv#1")
    assert (accepted, rejected) == (2, rows_in - 2)
    assert rejected > 1
    again(chain)
    assert counts(chain, "w.csv#1") == (3, 3, 0, 0, 0)
    assert chain.rows(ORDERS, "order_seq") == [(1,), (2,), (3,)]
    check_tables(chain)


def test_ledger_keeps_who_took_the_file_in(strict):
    """Run and moment stay those of the ingest; the versions are those after the retry."""
    before = strict.ledger()["w.csv#1"]
    again(strict)
    after = strict.ledger()["w.csv#1"]
    assert {name for name in after if after[name] != before[name]} == {
        *("accepted", "rejected", "last_reg_at", "orders_version", "order_lines_version"),
        "rejected_rows_version",
    } - {"last_reg_at"}
    assert after["orders_version"] == strict.versions()["orders"]


def test_batch_rules_look_at_new_files_alone(tmp_path, sail):
    """Rows that were rejected before are no reason to stop the run that mends them."""
    stop = {"batch.rejected": "stop", "batch.volume": "stop"}
    chain = Chain(tmp_path, sail, **SHORT)
    chain.take_in([row(1), *(long(order) for order in range(2, 9)), "broken"])
    report = again(chain, **stop)
    assert (told(report), report.findings) == ([("w.csv", 8, 7, 0, 1)], [])


LINES = (
    rows().map(lambda values: csv_line(values).encode())
    | broken_lines()
    | st.integers(1, 6).map(lambda order: csv_line(long(order)).encode())
)


@pytest.mark.timeout(400)
@given(st.lists(LINES, max_size=9))
@limits(max_examples=8)
def test_retry_gives_what_todays_settings_give_at_once(sail, lines):
    """Strict settings first and a retry make the tables that the settings of today make alone."""
    content = ",".join(COLUMNS).encode() + b"\n" + b"".join(line + b"\n" for line in lines)
    with tempfile.TemporaryDirectory() as folder:
        late = Chain(Path(folder) / "late", sail, **{"orders.max_row_bytes": 1024})
        at_once = Chain(Path(folder) / "at_once", sail)
        for chain in (late, at_once):
            (chain.landing / "w.csv").write_bytes(content)
            chain.ingest()
        again(late)
        for table in (ORDERS, ORDER_LINES, REJECTED_ROWS):
            assert late.table(table) == at_once.table(table)
        check_tables(late)


POINTS = (
    *("run_planned", "rows_staged", "orders_settled", "weeks_written", "orders_published"),
    *("lines_published", "rejects_published", "ledger_written", "ledger_published"),
)


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_killed_retry_is_made_good_by_the_next(strict, point):
    """Wherever it was killed, the next retry gives the same; an ingest in between takes it back."""
    stopped_at = Path(__file__).with_name("stopped_at.py")
    done = subprocess.run(
        [sys.executable, str(stopped_at), point, "kill", "rejects", "retry"],
        env=os.environ
        | {
            "NEXTLOOP_LANDING": str(strict.landing),
            "NEXTLOOP_LAKE": str(strict.root),
            "NEXTLOOP_PRIVACY__GUEST_KEY": KEY,
        },
        check=False,
        capture_output=True,
        timeout=100,
    )
    assert done.returncode == -9, done.stderr
    if point != "ledger_published":
        strict.ingest()
        assert strict.rows(ORDERS, "order_seq") == [(1,), (3,)]
        assert counts(strict, "w.csv#1") == (5, 2, 3, 0, 0)
    again(strict)
    assert strict.rows(ORDERS, "order_seq") == [(1,), (2,), (3,)]
    assert counts(strict, "w.csv#1") == (5, 3, 2, 0, 0)
    check_tables(strict)


def test_retry_in_a_bucket(gcs, sail):
    """The same where landing and lake lie in a bucket."""
    place = gcs.place()
    chain = Chain(place, sail, **SHORT)
    chain.take_in([row(1), long(2), "broken"])
    settings = Chain(place, sail).settings
    assert told(retry(settings, (), sail)) == [("w.csv", 2, 1, 0, 1)]
    assert told(retry(settings, (), sail)) == [("w.csv", 1, 0, 0, 1)]
    assert overview(settings)["rejects"][0]["open"] == 1
    check_tables(chain)
