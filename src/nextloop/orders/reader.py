"""A landing file's rows: accepted with types, or rejected with line and reason.

In: an order file. Out: `Rows`, piece by piece, in which every record of the file stands exactly
once. No piece holds more than a few megabytes of the file, whatever is in it.
"""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import numpy as np
import pyarrow as pa

from nextloop.orders import rejects
from nextloop.orders.blocks import BlockReader
from nextloop.orders.columns import Faults, typed
from nextloop.orders.contents import read_contents
from nextloop.orders.contract import PRIVATE
from nextloop.orders.header import read_header
from nextloop.orders.refusals import FileFault
from nextloop.orders.rows import Rules, Source, check_items, staged
from nextloop.orders.splitting import Texts, split

_HEADER_BYTES: Final = 64 * 1024
_CHECK_BYTES: Final = 4 * 1024 * 1024
_BAD_ROWS_AT_ONCE: Final = 4096


@dataclass(frozen=True)
class Rows:
    """What became of consecutive records.

    Attributes:
        records: How many there were, counted before anything was judged.
        accepted: Schema `rows.STAGED`.
        rejected: Schema `tables.REJECTED_ROWS`.
    """

    records: int
    accepted: pa.Table
    rejected: pa.Table


def check_file(path: str, rules: Rules) -> tuple[str, ...]:
    """Find out, before any row of it counts, whether a file can be read to its end.

    Returns:
        Its columns in its order.

    Raises:
        FileFault: Its header is not the contract's, its gzip is damaged or cut off, or it is
            larger than `rules.max_file_bytes`.
    """
    packed = path.lower().endswith(".gz")
    if not packed and Path(path).stat().st_size > rules.max_file_bytes:
        raise FileFault("file_too_large", bytes=rules.max_file_bytes)
    with _opened(path) as stream:
        header = read_header(_first_line(stream))
        size = 0
        while packed and (found := stream.read(_CHECK_BYTES)):
            size += len(found)
            if size > rules.max_file_bytes:
                raise FileFault("unpacks_too_large", bytes=rules.max_file_bytes)
    return header


def read_rows(path: str, source: Source, rules: Rules) -> Iterator[Rows]:
    """Read a file that `check_file` passed.

    Args:
        path: The file; gzip if it ends with .gz.
        source: Its name in the tables.
        rules: The settings.

    Yields:
        The rows of one block, or of a piece of one, after the other.
    """
    with _opened(path) as stream:
        header = read_header(_first_line(stream))
        blocks = BlockReader(stream, 2, rules.max_row_bytes)
        for block in blocks:
            for texts in split(block, header, rules.max_row_bytes, blocks):
                yield _rows(texts, header, source, rules)


def _rows(texts: Texts, header: Sequence[str], source: Source, rules: Rules) -> Rows:
    faults = Faults()
    columns = typed(texts.table, faults)
    lines = read_contents(columns["contents"].combine_chunks())
    check_items(lines, texts.table["contents"], faults)
    broken = [*texts.broken, *_rejected(texts, faults, header)]
    line_numbers = texts.line_numbers
    if faults.found:
        kept = np.ones(len(texts.table), bool)
        kept[list(faults.found)] = False
        columns, lines = columns.filter(pa.array(kept)), lines.filter(pa.array(kept))
        line_numbers = line_numbers[kept]
    accepted = staged(columns, lines, pa.array(line_numbers), source, rules)
    records = len(texts.table) + len(texts.broken)
    return Rows(records, accepted, rejects.table(broken, source))


def _rejected(texts: Texts, faults: Faults, header: Sequence[str]) -> Iterator[dict[str, Any]]:
    rows = sorted(faults.found)
    for start in range(0, len(rows), _BAD_ROWS_AT_ONCE):
        part = rows[start : start + _BAD_ROWS_AT_ONCE]
        found = texts.table.take(pa.array(part))
        # The private columns were not read, so they are shown as masked whatever they held.
        columns = (
            itertools.repeat("***") if name in PRIVATE else found[name].to_pylist()
            for name in header
        )
        for row, *values in zip(part, *columns, strict=False):
            fields = [value or "" for value in values]
            line_number = int(texts.line_numbers[row])
            yield rejects.reject(line_number, *faults.found[row], fields, header)


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    opener = gzip.open if path.lower().endswith(".gz") else Path.open
    try:
        with opener(Path(path), "rb") as stream:
            yield cast("BinaryIO", stream)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileFault("gzip_damaged", error=str(error)) from error


def _first_line(stream: BinaryIO) -> bytes:
    line = stream.readline(_HEADER_BYTES)
    if len(line) == _HEADER_BYTES:
        raise FileFault("header_endless", bytes=_HEADER_BYTES)
    return line
