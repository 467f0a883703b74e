"""One record is read as the same row however its file is written and whichever way it is read."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from tests.generated_rows import broken_lines, rows
from tests.order_files import csv_line, csv_text, row
from tests.orders.conftest import Read, rules_with

from nextloop.tables.order_file import COLUMNS

PRINTED = row(999_999, contents='[{"itemSeq": 1,\n "count": 1}]')
"""A row over two lines sends its block the exact way."""


def read_bytes(content: bytes, **rules: Any) -> Read:
    """Read a file's bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        path.write_bytes(content)
        return Read(path, rules_with(**rules))


def told(read: Read) -> list[dict[str, Any]]:
    """What the accepted rows say, less where they stood."""
    return [{**found, "line_number": 0} for found in read.accepted]


@given(st.lists(rows(), min_size=1, max_size=5), st.permutations(COLUMNS), st.data())
@limits(max_examples=20)
def test_form_of_the_file_does_not_matter(orders, columns, data):
    """Column order, line ends, byte order mark, printed JSON: the same rows come out."""
    plain = read_bytes(csv_text(orders).encode())
    assert plain.rejected == []
    printed = [
        {**order, "contents": json.dumps(json.loads(order["contents"]), indent=1)}
        if data.draw(st.booleans())
        else order
        for order in orders
    ]
    text = csv_text(printed, tuple(columns))
    if data.draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    if data.draw(st.booleans()):
        text = text.rstrip("\r\n")
    mark = b"\xef\xbb\xbf" if data.draw(st.booleans()) else b""
    other = read_bytes(mark + text.encode())
    assert (told(other), other.rejected) == (told(plain), [])


@given(st.lists(rows().map(lambda values: csv_line(values).encode()) | broken_lines(), max_size=6))
@limits(max_examples=35)
def test_fast_and_exact_way_judge_alike(lines):
    """The exact way accepts and rejects what the fast way does, for the same reasons."""
    header = ",".join(COLUMNS).encode() + b"\n"
    body = b"".join(line + b"\n" for line in lines)
    one = read_bytes(header + body)
    other = read_bytes(csv_text([PRINTED]).encode() + body)
    assert told(one) == told(other)[1:]
    ahead = 2
    assert [(line + ahead, *why) for line, *why in one.reasons] == [
        (line, *why) for line, *why in other.reasons
    ]
    assert one.rows_in == len(one.accepted) + len(one.rejected) == other.rows_in - 1


@given(st.lists(rows(), min_size=1, max_size=6))
@limits(max_examples=10)
def test_rows_do_not_depend_on_their_neighbours(orders):
    """Each row is read alone as it is read among others."""
    together = read_bytes(csv_text(orders).encode())
    alone = [found for each in orders for found in told(read_bytes(csv_text([each]).encode()))]
    assert told(together) == alone
