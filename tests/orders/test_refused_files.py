"""Files that are no order files: refused whole, before any row counts, with what is wrong."""

from __future__ import annotations

import gzip

import pytest
from tests.order_files import csv_line, csv_text, line, row
from tests.orders.traps import GOOD, HEADER, REFUSED

from nextloop.errors import DataFault
from nextloop.orders.refusals import FileFault
from nextloop.tables.order_file import COLUMNS


@pytest.mark.parametrize("kind", REFUSED)
def test_file_is_refused(read, kind):
    """The fault says what is wrong in the file's own words, and what its sender can do."""
    trap = REFUSED[kind]
    with pytest.raises(FileFault) as refused:
        read(trap.content, f"file{trap.ending}")
    assert refused.value.code == trap.refused
    assert trap.said in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("packed", [False, True])
def test_file_too_large_is_refused(read, packed):
    """The bound holds for what a gzip unpacks to, not for its own size."""
    rows = csv_text(row(number) for number in range(1, 30)).encode()
    name, content = ("file.csv.gz", gzip.compress(rows)) if packed else ("file.csv", rows)
    assert len(gzip.compress(rows)) < 4096 < len(rows)
    with pytest.raises(DataFault, match="more than 4096 bytes") as refused:
        read(content, name, max_file_bytes=4096)
    assert "max_file_bytes" in refused.value.hint
    assert len(read(content, name, max_file_bytes=len(rows)).orders) == 29


def test_file_without_header_does_not_tell_its_first_guest(read):
    """The reason is stored and printed, so nothing of a row may stand in it."""
    with pytest.raises(DataFault) as refused:
        read(csv_line(row(1)) + "\n")
    assert not [text for text in ("김민수", "777001", "Ocean") if text in refused.value.message]


def test_header_alone_is_an_order_file_without_orders(read):
    """A week without orders is no fault."""
    for content in (HEADER, HEADER + "\n", HEADER + "\r\n\r\n"):
        found = read(content)
        assert (found.rows_in, found.accepted, found.rejected) == (0, [], [])


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode(),
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.rstrip("\n").encode(),
        GOOD.replace(HEADER, line([f" {name} " for name in COLUMNS])).encode(),
        GOOD.replace(HEADER, ",".join(f'"{name}"' for name in COLUMNS)).encode(),
        csv_text([row(1), row(2)], COLUMNS[::-1]).encode(),
        (HEADER + "\n\n" + csv_line(row(1)) + "\n \n\r\n" + csv_line(row(2)) + "\n\n\n").encode(),
    ],
    ids=[
        "as_is",
        "byte_order_mark",
        "crlf",
        "no_last_line_end",
        "blanks_in_header",
        "quoted_header",
        "columns_reversed",
        "blank_lines",
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_harmless_differences_change_nothing(read, content, packed):
    """The same two orders come out of every form that the contract allows, packed or not."""
    usual = read(GOOD)
    found = read(gzip.compress(content), "file.csv.gz") if packed else read(content)
    assert found.rejected == []
    for order, same in zip(found.accepted, usual.accepted, strict=True):
        assert {**order, "line_number": 0} == {**same, "line_number": 0}


def test_gzip_of_two_parts_is_read_whole(read):
    """Exports appended to each other stay one gzip file with two members."""
    whole = csv_text([row(1), row(2)]).encode()
    found = read(gzip.compress(whole[:400]) + gzip.compress(whole[400:]), "file.csv.gz")
    assert found.orders == [1, 2]
