"""The exact way from lines to records: slow, and right about quotes.

`reader` takes it for the blocks that the fast way cannot judge. A broken record costs its own
first line only: reading goes on at the next line, so that one stray quote cannot swallow the rows
after it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from nextloop.orders.blocks import Block

# The module's own bound of 128 KiB a field is below what a row may hold.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True)
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
    """
    lines = _lines(block.data)
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        taken, size = _gather(lines, at, max_row_bytes)
        open_end = at + taken == len(lines) and size <= max_row_bytes and not block.last
        if open_end and _odd(lines[at : at + taken]):
            unused.data = b"".join(lines[at:])
            return
        number = block.first_line + at
        record = _record(b"".join(lines[at : at + taken]), number, columns, max_row_bytes)
        if record.reason and taken > 1:
            record, taken = _record(lines[at], number, columns, max_row_bytes), 1
        yield record
        at += taken


def _lines(data: bytes) -> list[bytes]:
    # Not bytes.splitlines: it also ends lines at a lone carriage return, which a field may hold.
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _odd(lines: list[bytes]) -> bool:
    return sum(line.count(b'"') for line in lines) % 2 == 1


def _gather(lines: list[bytes], at: int, max_row_bytes: int) -> tuple[int, int]:
    """Count the lines from `at` on until their quotes balance, and their bytes."""
    size = quotes = taken = 0
    while at + taken < len(lines):
        line = lines[at + taken]
        quotes += line.count(b'"')
        size += len(line)
        taken += 1
        if quotes % 2 == 0 or size > max_row_bytes:
            break
    return taken, size


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
