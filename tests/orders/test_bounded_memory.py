"""Files made to fill the memory: read past or refused, and the process stays small."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests import peaks
from tests.order_files import csv_line, csv_text, row

pytestmark = pytest.mark.slow

MEGABYTE = 1_000_000
HEAD = csv_text([row(1)]).encode()
LAST = csv_line(row(2)).encode() + b"\n"
MOST_MIB = 350
"""Above what a file of one row needs."""


def of_contents(text: str, rows: int) -> Iterator[bytes]:
    """Rows with these contents between good ones."""
    yield HEAD
    yield from [csv_line(row(3, contents=text)).encode() + b"\n"] * rows
    yield LAST


def endless_quote() -> Iterator[bytes]:
    """A quote that is never closed, and no line end."""
    yield HEAD + b'"'
    yield from [b"x" * MEGABYTE] * 300


def endless_quote_over_rows() -> Iterator[bytes]:
    """A quote that is never closed before rows that are good by themselves."""
    yield HEAD + b'"'
    yield from [LAST * 1000] * 100


def cell() -> Iterator[bytes]:
    """A cell of 100 MB in a row that is else good."""
    before, after = csv_line(row(3)).split("Ocean501")
    yield HEAD + before.encode() + b'"'
    yield from [b"x" * MEGABYTE] * 100
    yield b'"' + after.encode() + b"\n" + LAST


def nothing_but(sign: bytes, megabytes: int) -> Iterator[bytes]:
    """One sign over and over."""
    yield HEAD
    yield from [sign * (MEGABYTE // len(sign))] * megabytes
    yield b"\n" + LAST


def every_row_bad() -> Iterator[bytes]:
    """Rejected rows of the greatest length that is kept of one, 300 MB together."""
    yield HEAD
    yield from [(b"x" * 2000 + b"\n") * 500] * 300
    yield LAST


def quotes() -> Iterator[bytes]:
    """Lines that each leave a quote open."""
    yield HEAD
    yield from [b'"' * 1999 + b"\n"] * 40_000
    yield LAST


ARRAY, OBJECTS = "[" * MEGABYTE, '{"a":' * 100_000
FILES: dict[str, tuple[Iterator[bytes], int, dict[str, int]]] = {
    "endless_quote": (endless_quote(), 1, {"row_too_long": 1}),
    "endless_quote_over_rows": (endless_quote_over_rows(), 100_000, {"unbalanced_quote": 1}),
    "cell": (cell(), 2, {"row_too_long": 1}),
    "line_ends": (nothing_but(b"\n", 50), 2, {}),
    "windows_line_ends": (nothing_but(b"\r\n", 50), 2, {}),
    "blanks": (nothing_but(b" ", 300), 2, {"row_too_long": 1}),
    "zeros": (nothing_but(b"\0", 300), 2, {"row_too_long": 1}),
    "commas": (nothing_but(b",", 300), 2, {"row_too_long": 1}),
    "every_row_bad": (every_row_bad(), 2, {"column_count": 150_000}),
    "quotes": (quotes(), 2, {"unbalanced_quote": 40_000}),
    "arrays": (of_contents(ARRAY, 12), 2, {"contents_not_json": 12}),
    "objects": (of_contents(OBJECTS, 12), 2, {"contents_not_json": 12}),
    "closed_arrays": (of_contents("[" * 9999 + "]" * 9999, 12), 2, {"contents_not_json": 12}),
    "unknown_field": (
        of_contents('[{"itemSeq":1,"count":1,"x":' + "[" * MEGABYTE, 12),
        2,
        {"contents_not_json": 12},
    ),
    "empty_items": (of_contents(f"[{'{},' * 300_000}{{}}]", 12), 2, {"contents_item": 12}),
    "nulls": (of_contents(f"[{'null,' * 200_000}null]", 12), 2, {"contents_not_json": 12}),
    "bad_last_item": (
        of_contents('[{},{"itemSeq":"x"}' + ",{}" * 300_000 + "]", 12),
        2,
        {"contents_item": 12},
    ),
    "long_number": (
        of_contents('[{"count":1,"itemSeq":' + "9" * 900_000 + "}]", 12),
        2,
        {"contents_not_json": 12},
    ),
}


def stage(tmp_path, name: str, bound: int = 4 * 1024**3) -> tuple[dict[str, Any], int]:
    """Read a file in a process of its own; return its report and the MiB it took."""
    command = [sys.executable, "-m", "tests.orders.staged_alone", str(tmp_path / name)]
    code, said, peak = peaks.run([*command, str(tmp_path), str(bound)])
    assert code == 0, said
    return json.loads(said), peak


@pytest.fixture(scope="module")
def usual(tmp_path_factory) -> int:
    """The MiB that a file of one row takes."""
    folder = tmp_path_factory.mktemp("usual")
    (folder / "file.csv").write_bytes(HEAD)
    report, peak = stage(folder, "file.csv")
    assert report["staged"] == 1
    return peak


@pytest.mark.parametrize("kind", FILES)
def test_memory_stays_bounded(tmp_path, usual, kind):
    """Good rows get in, each bad one is rejected with its reason, whatever there is of them."""
    content, good, reasons = FILES[kind]
    with (tmp_path / "file.csv").open("wb") as file:
        file.writelines(content)
    report, peak = stage(tmp_path, "file.csv")
    (tmp_path / "file.csv").unlink()
    assert (report["staged"], report["reasons"]) == (good, reasons)
    assert report["rows_in"] == report["staged"] + report["rejected"]
    if reasons:
        written = pq.ParquetFile(tmp_path / "rejected_rows" / report["rejects"]["path"])
        assert written.metadata.num_rows == report["rejects"]["rows"] == sum(reasons.values())
    assert peak < usual + MOST_MIB


def test_gzip_bomb_is_refused(tmp_path, usual):
    """Less than a megabyte that unpacks to 640: refused at the bound, before a row of it counts."""
    bomb = gzip.compress(HEAD) + gzip.compress(bytes(32 * MEGABYTE)) * 20
    (tmp_path / "file.csv.gz").write_bytes(bomb)
    assert len(bomb) < MEGABYTE
    report, peak = stage(tmp_path, "file.csv.gz", bound=500 * MEGABYTE)
    assert "unpacks to more than" in report["refused"]
    assert (report["rows_in"], report["rejects"]) == (0, None)
    assert peak < usual + MOST_MIB


def test_bomb_within_the_bound_is_read(tmp_path, usual):
    """A packed file of zeros is one bad row."""
    bomb = gzip.compress(HEAD) + gzip.compress(bytes(32 * MEGABYTE)) * 8
    (tmp_path / "file.csv.gz").write_bytes(bomb)
    report, peak = stage(tmp_path, "file.csv.gz")
    assert (report["staged"], report["reasons"]) == (1, {"row_too_long": 1})
    assert peak < usual + MOST_MIB
