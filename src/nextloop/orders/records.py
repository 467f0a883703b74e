"""The exact way from lines to records: slow, and right about quotes.

`reader` takes it for the blocks that the fast way cannot judge. A broken record costs its own
first line only: reading goes on at the next line, so that one stray quote cannot swallow the rows
after it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nextloop.orders.blocks import Block

# The module's own bound of 128 KiB a field is below what a row may hold.
csv.field_size_limit(2**31 - 1)

_BLANK_LINES: Final = re.compile(rb"\s*(?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class Record:
    """One record, or one line that is none.

    Attributes:
        line_number: Of its first line, the header being 1.
        fields: Its fields, unquoted; empty if it is broken.
        raw: Its bytes without the line's end.
        reason: Reason code if it is broken.
    """

    line_number: int
    fields: tuple[str, ...]
    raw: bytes
    reason: str | None = None


@dataclass
class Unused:
    """The end of a block in which a record may go on in the next block."""

    data: bytes = b""


def read_records(
    block: Block, columns: int, max_row_bytes: int, unused: Unused
) -> Iterator[Record]:
    """Split a block into records; blank lines are none.

    Args:
        block: The lines.
        columns: Fields that a record has.
        max_row_bytes: A longer record is broken.
        unused: Takes the beginning of a record that the block does not end.

    Yields:
        One record after the other: a block of nothing but line ends has millions of lines.
    """
    data, at, line_number = block.data, 0, block.first_line
    while at < len(data):
        if blank := _BLANK_LINES.match(data, at):
            line_number += data.count(b"\n", at, blank.end())
            at = blank.end()
            continue
        end, closed = _gather(data, at, max_row_bytes)
        if not closed and not block.last and end - at <= max_row_bytes:
            unused.data = data[at:]
            return
        record = _record(data[at:end], line_number, columns, max_row_bytes)
        if record.reason and (first := _line_end(data, at)) < end:
            end = first
            record = _record(data[at:end], line_number, columns, max_row_bytes)
        yield record
        line_number += data.count(b"\n", at, end)
        at = end


def _line_end(data: bytes, at: int) -> int:
    # A lone carriage return, which a field may hold, ends no line.
    return data.find(b"\n", at) + 1 or len(data)


def _gather(data: bytes, at: int, max_row_bytes: int) -> tuple[int, bool]:
    """Find the end of the line at which the quotes since `at` balance; tell whether they do."""
    end, quotes = at, 0
    while end < len(data) and end - at <= max_row_bytes:
        begin, end = end, _line_end(data, end)
        quotes += data.count(b'"', begin, end)
        if quotes % 2 == 0:
            return end, True
    return end, False


def _record(data: bytes, line_number: int, columns: int, max_row_bytes: int) -> Record:
    raw = data.rstrip(b"\r\n")
    if len(raw) > max_row_bytes:
        return Record(line_number, (), raw[:max_row_bytes], "row_too_long")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return Record(line_number, (), raw, "not_utf8")
    try:
        found = list(csv.reader([text], strict=True))
    except csv.Error:
        return Record(line_number, (), raw, "unbalanced_quote")
    fields = tuple(found[0]) if len(found) == 1 else ()
    if len(fields) != columns:
        return Record(line_number, (), raw, "column_count")
    return Record(line_number, fields, raw)
