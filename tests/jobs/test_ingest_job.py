"""The ingest job: what is new comes in once, what is broken is told, the rest stays as it was."""

from __future__ import annotations

import gzip
import shutil

import pytest
from tests.order_files import contents, csv_text, item, row

from nextloop.jobs.ingest import ingest
from nextloop.storage import delta
from nextloop.tables import LANDING_FILES, ORDER_LINES, ORDERS, REJECTED_ROWS


def files_of(chain):
    """Every file below the lake, with its bytes."""
    return {path: path.read_bytes() for path in chain.root.rglob("*") if path.is_file()}


def test_orders_lines_and_rejects_come_out(chain):
    """Two orders of three items and one broken row become two, three and one row."""
    two = contents(item(itemSeq=1, resultPrice=500), item(itemSeq=2, couponSeq=9, price=0))
    report = chain.take_in([row(1, contents=two), row(2), row(3, reg_date="2017-02-30 10:00:00")])
    assert (report.new_files, report.rows_in, report.accepted, report.rejected) == (1, 3, 2, 1)
    assert report.reasons == {"not_a_time": 1}
    assert chain.rows(ORDERS, "order_seq", "lines_price", "line_count") == [
        (1, 24500, 2),
        (2, 24000, 1),
    ]
    assert chain.rows(ORDER_LINES, "order_seq", "line", "item_seq", "price", "coupon_seq") == [
        (1, 0, 1, 12000, None),
        (1, 1, 2, 0, 9),
        (2, 0, 7, 12000, None),
    ]
    assert chain.rows(REJECTED_ROWS, "file_name", "line_number", "reason", "column", "value") == [
        ("w.csv", 4, "not_a_time", "reg_date", "2017-02-30 10:00:00")
    ]


def test_same_landing_twice_changes_nothing(chain):
    """The second run finds no new file and leaves every byte of the lake as it was."""
    chain.put("b.csv", [row(3), "broken"])
    chain.take_in([row(1), row(2)], "a.csv")
    versions, bytes_before = chain.versions(), files_of(chain)
    again = chain.ingest()
    assert (again.new_files, again.seen_files, again.rows_in) == (0, 2, 0)
    assert again.versions == {name: versions[name] for name in again.versions}
    assert chain.versions() == versions
    assert files_of(chain) == bytes_before


def test_new_week_is_added_beside_the_others(chain):
    """A later week's file touches no file of the weeks before."""
    chain.take_in([row(1)], "a.csv")
    before = delta.paths(chain.lake, ORDERS)
    report = chain.take_in(
        [row(2, reg_date="2017-12-27 10:00:00", check_date="", complete_date="")], "b.csv"
    )
    assert (report.new_files, report.seen_files, report.replaced) == (1, 1, 0)
    assert set(before) < set(delta.paths(chain.lake, ORDERS))
    assert chain.rows(ORDERS, "order_seq") == [(1,), (2,)]


def test_one_file_under_two_names_counts_once(chain):
    """Content decides: a copy is seen, now or later."""
    chain.put("a.csv", [row(1)])
    chain.put("copy.csv", [row(1)])
    report = chain.ingest()
    assert (report.new_files, report.seen_files, report.rows_in) == (1, 1, 1)
    chain.put("later.csv", [row(1)])
    assert (chain.ingest().seen_files, list(chain.ledger())) == (3, ["a.csv#1"])


def test_name_that_comes_with_other_bytes_is_a_new_revision(chain):
    """The ledger keeps both contents apart, and rows name the one that they came from."""
    chain.take_in([row(1), "broken"])
    chain.take_in([row(1), row(2), "broken too"])
    assert list(chain.ledger()) == ["w.csv#1", "w.csv#2"]
    assert chain.rows(ORDERS, "order_seq", "file_revision") == [(1, 2), (2, 2)]
    assert chain.rows(REJECTED_ROWS, "file_revision", "line_number") == [(1, 3), (2, 4)]


def test_first_content_of_a_name_coming_back_is_seen(chain):
    """Putting the earlier file back brings nothing new."""
    chain.take_in([row(1)])
    chain.take_in([row(1), row(2)])
    versions = chain.versions()
    assert chain.take_in([row(1)]).new_files == 0
    assert chain.versions() == versions


def test_broken_file_does_not_stop_the_others(chain):
    """It is refused whole with its reason; the others are in; both stand in the ledger."""
    chain.put("good.csv", [row(1)])
    (chain.landing / "half.csv.gz").write_bytes(gzip.compress(csv_text([row(2)]).encode())[:-9])
    (chain.landing / "other.csv").write_text("id;name\n1;Kim\n", "utf-8")
    report = chain.ingest()
    assert (report.new_files, report.rows_in) == (1, 1)
    assert [(bad.file_name, bool(bad.reason), bool(bad.mend)) for bad in report.refused] == [
        ("half.csv.gz", True, True),
        ("other.csv", True, True),
    ]
    assert {name: found["outcome"] for name, found in chain.ledger().items()} == {
        "good.csv#1": "ingested",
        "half.csv.gz#1": "refused",
        "other.csv#1": "refused",
    }


@pytest.mark.parametrize(
    "content",
    [b"x\n", csv_text([row(1, room_name="바다")]).encode("cp949")],
    ids=["no_header", "cp949"],
)
def test_file_refused_before_stays_refused(chain, content):
    """It is told again at every run, with the advice, and recorded once."""
    (chain.landing / "bad.csv").write_bytes(content)
    first = chain.ingest()
    versions, before = chain.versions(), files_of(chain)
    again = chain.ingest()
    assert again.refused == first.refused
    assert (chain.versions(), files_of(chain)) == (versions, before)
    assert list(chain.ledger()) == ["bad.csv#1"]


def test_file_refused_for_its_size_gets_in_when_the_bound_is_raised(tmp_path, sail):
    """The advice that came with the refusal works."""
    from tests.lakes import Chain

    narrow = Chain(tmp_path, sail, **{"orders.max_file_bytes": 2048})
    report = narrow.take_in([row(number) for number in range(1, 9)])
    assert "2048" in report.refused[0].reason
    wide = Chain(tmp_path, sail)
    assert (wide.ingest().accepted, wide.ingest().new_files) == (8, 0)
    assert wide.rows(LANDING_FILES, "outcome", "rows_in") == [("ingested", 8), ("refused", 0)]


def test_one_row_in_another_encoding_is_no_reason_to_refuse_its_file(chain):
    """Where other rows are UTF-8 the file is damaged, not misread: only that row is rejected."""
    chain.put("w.csv", [row(1), row(2), row(3)])
    path = chain.landing / "w.csv"
    path.write_bytes(path.read_bytes().replace("김민수".encode(), "김민수".encode("cp949"), 1))
    report = chain.ingest()
    assert (report.accepted, report.reasons, report.refused) == (2, {"not_utf8": 1}, [])


def test_landing_of_refused_files_alone(chain):
    """Nothing comes in, the tables are there and empty, a good file comes in later."""
    (chain.landing / "bad.csv").write_text("x\n", "utf-8")
    assert len(chain.ingest().refused) == 1
    assert chain.table(ORDERS).num_rows == 0
    assert chain.take_in([row(1)]).accepted == 1


def test_header_alone_and_broken_rows_alone(chain):
    """Files that give no order are taken in, counted and not read again."""
    chain.put("none.csv", [])
    chain.put("bad.csv", ["x", "y"])
    report = chain.ingest()
    assert (report.new_files, report.rows_in, report.rejected) == (2, 2, 2)
    assert chain.ingest().new_files == 0
    assert {name: found["rows_in"] for name, found in chain.ledger().items()} == {
        "none.csv#1": 0,
        "bad.csv#1": 2,
    }


def test_landing_is_read_with_its_folders_and_without_what_is_no_order_file(chain):
    """Packed and plain, in folders or not, in capitals; hidden files and others are left alone."""
    chain.put("2017/week 51.csv", [row(1)])
    (chain.landing / "2017" / "주간-52.CSV.GZ").write_bytes(
        gzip.compress(csv_text([row(2)]).encode())
    )
    for name in (".hidden.csv", "notes.txt", "w.csv.part", "w.zip"):
        (chain.landing / name).write_text("not for us", "utf-8")
    (chain.landing / "folder.csv").mkdir()
    assert chain.ingest().new_files == 2
    assert set(chain.ledger()) == {"2017/week 51.csv#1", "2017/주간-52.CSV.GZ#1"}


def test_file_name_that_is_no_utf8_is_told_readably(chain):
    """A name in CP949, as Korean shares have them, is taken in like any other."""
    path = bytes(chain.landing) + b"/\xb1\xe8.csv"
    with open(path, "wb") as file:  # noqa: PTH123 pathlib takes no bytes
        file.write(csv_text([row(1), "broken"]).encode())
    assert chain.ingest().accepted == 1
    assert list(chain.ledger()) == [r"\xb1\xe8.csv#1"]
    assert chain.ingest().new_files == 0


def test_ledger_says_what_a_run_did(chain):
    """Counts, spans and table versions stand beside each file."""
    chain.take_in([row(1), row(1), "broken", row(2, reg_date="2017-12-21 08:00:00")])
    (found,) = chain.ledger().values()
    assert {name: found[name] for name in ("rows_in", "accepted", "rejected", "superseded")} == {
        "rows_in": 4,
        "accepted": 2,
        "rejected": 1,
        "superseded": 1,
    }
    assert found["first_reg_at"].isoformat() == "2017-12-20T10:00:00+00:00"
    assert found["last_reg_at"].isoformat() == "2017-12-20T23:00:00+00:00"
    versions = chain.versions()
    assert [found[f"{table.name}_version"] for table in (ORDERS, ORDER_LINES, REJECTED_ROWS)] == [
        versions["orders"],
        versions["order_lines"],
        versions["rejected_rows"],
    ]
    assert found["file_bytes"] == (chain.landing / "w.csv").stat().st_size


def test_progress_names_the_three_stages(chain):
    """Validation, transformation and conversion are told in order."""
    chain.put("w.csv", [row(1)])
    told = []
    ingest(chain.settings, chain.sail, lambda *step: told.append(step))
    assert told == [
        (0, 3, "validation"),
        (1, 3, "transformation"),
        (2, 3, "conversion"),
        (3, 3, "published"),
    ]


def test_nothing_of_a_run_is_left_beside_the_tables(chain):
    """Staged rows are gone when the run ends."""
    chain.take_in([row(1)])
    assert not (chain.root / "staging").exists()


FILLED = (ORDERS, ORDER_LINES, REJECTED_ROWS, LANDING_FILES)


@pytest.mark.parametrize("gone", FILLED, ids=lambda table: table.name)
def test_lake_that_lost_a_table_is_refused(chain, gone):
    """Orders that the ledger vouches for and that are not there stop the run with advice."""
    from nextloop.errors import DataFault

    chain.take_in([row(1), "broken"])
    shutil.rmtree(chain.root / gone.name)
    chain.put("b.csv", [row(2)])
    for _ in range(2):
        with pytest.raises(DataFault, match=f"lost .*{gone.name}") as found:
            chain.ingest()
        assert found.value.hint
        assert not (chain.root / gone.name).exists()
