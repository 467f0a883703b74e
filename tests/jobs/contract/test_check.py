"""What a check says of files before they are sent: what ingest would, row for row."""

from __future__ import annotations

import gzip

import pytest
from tests.order_files import csv_line, csv_text, row, write

from nextloop import settings
from nextloop.errors import DataFault, UsageFault
from nextloop.jobs.contract.check import check
from nextloop.orders.reasons import FLAGS, REASONS
from nextloop.tables.order_file import COLUMNS

MIXED: list[dict[str, str] | str] = [
    row(1),
    row(2, reg_date="2017-02-30 10:00:00"),
    "broken",
    row(3, status="조리중", visitor_cnt="0"),
    row(4, customer_seq="777a"),
    row(5, status="조리중"),
]


def checked(*places, **options):
    """Check by the default settings."""
    return check([str(place) for place in places], settings.load({}), **options)


def test_each_fault_says_where_it_is_and_what_stands_there(tmp_path):
    """Line, column by name and number, value, rule; the guest is masked."""
    file = checked(write(tmp_path / "w.csv", *MIXED)).files[0]
    assert (file.rows, file.accepted, file.rejected) == (6, 3, 3)
    assert [
        (each.line, each.column_number, each.column, each.value, each.rule) for each in file.faults
    ] == [
        (3, 8, "reg_date", "2017-02-30 10:00:00", "not_a_time"),
        (4, None, None, None, "column_count"),
        (6, 4, "customer_seq", "999x", "not_an_integer"),
    ]
    assert "777" not in repr(file)


def test_columns_are_numbered_as_the_file_has_them(tmp_path):
    """The sender counts columns in their own file."""
    path = tmp_path / "w.csv"
    path.write_text(csv_text([row(1, reg_date="-")], COLUMNS[::-1]), "utf-8")
    (fault,) = checked(path).files[0].faults
    assert (fault.column, fault.column_number) == ("reg_date", 15)


def test_oddities_are_told_and_no_fault(tmp_path):
    """Rows that are kept and marked are counted with their first lines; unknown words are told."""
    file = checked(write(tmp_path / "w.csv", *MIXED)).files[0]
    assert {code: (odd.rows, odd.lines) for code, odd in file.flags.items()} == {
        "unknown_status": (2, [5, 7]),
        "visitor_zero": (1, [5]),
    }
    assert file.unknown_statuses == {"조리중": 2}
    assert checked(write(tmp_path / "odd.csv", row(1, visitor_cnt="0"))).fine


def test_first_faults_are_kept_and_all_are_counted(tmp_path):
    """The report stays small however broken a file is."""
    file = checked(write(tmp_path / "w.csv", *["broken"] * 5000, row(1)), limit=2).files[0]
    assert (file.rejected, file.reasons) == (5000, {"column_count": 5000})
    assert [each.line for each in file.faults] == [2, 3]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_rules_are_told_in_the_readers_language(tmp_path, language):
    """Each code that was met comes with its words, and so does a refusal."""
    (tmp_path / "bad.csv").write_text("id;name\n", "utf-8")
    report = checked(write(tmp_path / "w.csv", *MIXED), tmp_path / "bad.csv", language=language)
    assert list(report.rules) == [
        "column_count",
        "not_an_integer",
        "not_a_time",
        "unknown_status",
        "visitor_zero",
    ]
    for code, rule in report.rules.items():
        assert vars(rule) == {"code": code} | vars((REASONS | FLAGS)[code].said(language))
    refused = report.files[1].refused
    assert refused is not None
    assert refused.code == "separator"
    assert ("나뉘어" in refused.wrong) is (language == "ko")
    assert "';'" in refused.wrong


def test_doubled_orders_are_noted_and_no_fault(tmp_path):
    """An order may come again: the check tells where, and all is fine."""
    report = checked(
        write(tmp_path / "a.csv", row(1), row(2), row(1)), write(tmp_path / "b.csv", row(2))
    )
    assert report.fine
    assert report.doubled_orders == 2
    assert [(each.order_seq, [line for _, line in each.places]) for each in report.doubled] == [
        (1, [2, 4]),
        (2, [3, 2]),
    ]


def test_copy_of_a_file_is_told_as_ingest_would_skip_it(tmp_path):
    """Equal bytes are not read twice; equal sizes alone are not taken for equal bytes."""
    one, same = write(tmp_path / "a.csv", row(1)), write(tmp_path / "b.csv", row(1))
    other = write(tmp_path / "c.csv", row(2))
    report = checked(one, same, other)
    assert [file.same_as for file in report.files] == [None, str(one), None]
    assert (report.doubled_orders, report.totals()["rows"]) == (0, 2)


def test_folders_are_looked_through_like_a_landing(tmp_path):
    """Order files of a folder and its folders, packed or not; nothing else in it."""
    write(tmp_path / "in" / "b.csv", row(1))
    (tmp_path / "in" / "2017").mkdir()
    packed = gzip.compress(csv_text([row(2)]).encode())
    (tmp_path / "in" / "2017" / "a.csv.gz").write_bytes(packed)
    (tmp_path / "in" / "notes.txt").write_text("no", "utf-8")
    report = checked(f"{tmp_path}/in/")
    assert [file.file for file in report.files] == [
        f"{tmp_path}/in/2017/a.csv.gz",
        f"{tmp_path}/in/b.csv",
    ]
    assert report.fine


def test_file_that_nobody_would_read_is_refused(tmp_path):
    """Ingest reads .csv and .csv.gz only: a good file under another name is of no use."""
    path = tmp_path / "w.txt"
    path.write_text(csv_text([row(1)]), "utf-8")
    refused = checked(path).files[0].refused
    assert refused is not None
    assert refused.code == "file_name"


def test_what_is_not_there_is_a_usage_fault(tmp_path):
    """A missing file is told by name, a folder without order files too."""
    with pytest.raises(UsageFault, match=r"no file gone\.csv"):
        checked("gone.csv")
    with pytest.raises(DataFault, match="holds no order file"):
        checked(tmp_path)


def test_file_in_another_encoding_is_refused_as_ingest_refuses_it(tmp_path):
    """The law that no row is UTF-8 is the ingest's own."""
    path = tmp_path / "w.csv"
    path.write_bytes(csv_text([row(1), row(2)]).encode("cp949"))
    file = checked(path).files[0]
    assert file.refused is not None
    assert (file.refused.code, file.faults, file.rows) == ("not_text", [], 0)


def test_no_guest_key_is_needed_or_made(tmp_path):
    """Who checks a file has no lake and no secret."""
    assert checked(write(tmp_path / "w.csv", row(1))).fine
    assert not list((tmp_path / "home").rglob("*"))


def test_settings_of_the_reader_hold(tmp_path):
    """A site's words for states and longest row are those of its ingest."""
    path = write(tmp_path / "w.csv", row(1, status="DONE"), row(2, status="x" * 2000))
    own = settings.load({"orders.status_map": {"done": "complete"}, "orders.max_row_bytes": 1500})
    file = check([str(path)], own).files[0]
    assert (file.flags, file.reasons) == ({}, {"row_too_long": 1})


def test_progress_tells_file_and_rows(tmp_path):
    """Huge files show that something moves."""
    told = []
    path = write(tmp_path / "w.csv", row(1))
    checked(path, progress=lambda *step: told.append(step))
    assert told == [(0, 1, f"{path}: 0 rows"), (0, 1, f"{path}: 1 rows"), (1, 1, "")]


def test_line_in_a_quoted_field_is_counted(tmp_path):
    """The line is the one that an editor shows."""
    printed = row(1, contents='[{"itemSeq": 1,\n "count": 1}]')
    path = write(tmp_path / "w.csv", printed, csv_line(row(2, status="")))
    assert [each.line for each in checked(path).files[0].faults] == [4]


def test_bucket_is_looked_through_too(gcs):
    """A file of a bucket, or all under a prefix, by the address that the settings would name."""
    from nextloop.storage.files import open_output

    place = gcs.place()
    for name, rows in (("a.csv", [row(1)]), ("b.csv", ["broken"])):
        with open_output(f"{place}/{name}") as file:
            file.write(csv_text(rows).encode())
    assert checked(f"{place}/a.csv").fine
    report = checked(place)
    assert [(file.file, file.rejected) for file in report.files] == [
        (f"{place}/a.csv", 0),
        (f"{place}/b.csv", 1),
    ]
    for gone in ("gone.csv", "nowhere/gone.csv"):
        with pytest.raises(UsageFault, match="no file gs://"):
            checked(f"{place}/{gone}")
