"""A landing file's rows: accepted with types, or rejected with line and reason.

In: an order file. Out: `Rows`, block by block, in which every record of the file stands exactly
once. Arrow's CSV reader judges a block when each of its lines is one whole record; every other
block goes the exact way (`records`).
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv

from nextloop.orders import rejects
from nextloop.orders.blocks import Block, BlockReader
from nextloop.orders.columns import Faults, typed
from nextloop.orders.contents import read_contents
from nextloop.orders.contract import PRIVATE
from nextloop.orders.header import read_header
from nextloop.orders.records import Unused, read_records
from nextloop.orders.refusals import FileFault
from nextloop.orders.regular import is_regular
from nextloop.orders.rows import Rules, Source, check_items, staged
from nextloop.tables.order_file import NULLS

_HEADER_BYTES: Final = 64 * 1024
_CHECK_BYTES: Final = 4 * 1024 * 1024


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


@dataclass(frozen=True)
class _Texts:
    """Records of a block as texts, with where they stood and what could not be split."""

    table: pa.Table
    line_numbers: np.ndarray[Any, Any]
    broken: Sequence[dict[str, Any]]


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
        The rows of one block after the other.
    """
    with _opened(path) as stream:
        header = read_header(_first_line(stream))
        blocks = BlockReader(stream, 2, rules.max_row_bytes)
        for block in blocks:
            yield _rows(_texts(block, header, rules, blocks), header, source, rules)


def _rows(texts: _Texts, header: Sequence[str], source: Source, rules: Rules) -> Rows:
    faults = Faults()
    columns = typed(texts.table, faults)
    lines = read_contents(columns["contents"].combine_chunks())
    check_items(lines, texts.table["contents"], faults)
    broken = [*texts.broken, *_rejected(texts, faults, header)]
    kept = np.ones(len(texts.table), bool)
    kept[list(faults.found)] = False
    mask = pa.array(kept)
    accepted = staged(
        columns.filter(mask),
        lines.filter(mask),
        pa.array(texts.line_numbers[kept]),
        source,
        rules,
    )
    records = len(texts.table) + len(texts.broken)
    return Rows(records, accepted, rejects.table(broken, source))


def _rejected(texts: _Texts, faults: Faults, header: Sequence[str]) -> Iterator[dict[str, Any]]:
    for row, (reason, column) in sorted(faults.found.items()):
        found = texts.table.slice(row, 1).to_pylist()[0]
        # The private columns were not read, so they are shown as masked whatever they held.
        fields = ["***" if name in PRIVATE else found[name] or "" for name in header]
        yield rejects.reject(int(texts.line_numbers[row]), reason, column, fields, header)


def _texts(block: Block, header: Sequence[str], rules: Rules, blocks: BlockReader) -> _Texts:
    found = _split_fast(block, header, rules.max_row_bytes)
    return _split_exact(block, header, rules.max_row_bytes, blocks) if found is None else found


def _split_fast(block: Block, header: Sequence[str], max_row_bytes: int) -> _Texts | None:
    """Split with Arrow, or return None if a line of the block is not exactly one record."""
    data = block.data.rstrip(b"\r\n") if block.last else block.data
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    lengths = np.diff(ends, prepend=-1, append=len(data))
    if not block.balanced or block.too_long or lengths.max(initial=0) > max_row_bytes:
        return None
    if not is_regular(data):
        return None
    irregular: list[pv.InvalidRow] = []

    def skip(row: pv.InvalidRow) -> str:
        irregular.append(row)
        return "skip"

    wanted = [name for name in header if name not in PRIVATE]
    try:
        table = pv.read_csv(
            pa.BufferReader(data),
            pv.ReadOptions(column_names=list(header), block_size=max(len(data), 1)),
            pv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
            pv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()),
                include_columns=wanted,
                null_values=list(NULLS),
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None
    expected = len(ends) + (not data.endswith(b"\n") and len(data) > 0)
    if irregular or table.num_rows != expected:
        return None
    return _Texts(table, block.first_line + np.arange(table.num_rows), ())


def _split_exact(
    block: Block, header: Sequence[str], max_row_bytes: int, blocks: BlockReader
) -> _Texts:
    if block.too_long:
        broken = [rejects.reject_shape(block.first_line, "row_too_long", block.data)]
        return _Texts(_table([], header), np.zeros(0, np.int64), broken)
    unused = Unused()
    records = list(read_records(block, len(header), max_row_bytes, unused))
    if unused.data:
        blocks.give_back(unused.data)
    whole = [record for record in records if record.reason is None]
    return _Texts(
        _table([record.fields for record in whole], header),
        np.array([record.line_number for record in whole], np.int64),
        [
            rejects.reject_shape(record.line_number, record.reason, record.raw)
            for record in records
            if record.reason is not None
        ],
    )


def _table(records: Sequence[tuple[str, ...]], header: Sequence[str]) -> pa.Table:
    columns = zip(*records, strict=True) if records else [()] * len(header)
    return pa.table(
        {
            name: pa.array([None if text in NULLS else text for text in texts], pa.string())
            for name, texts in zip(header, columns, strict=True)
            if name not in PRIVATE
        }
    )


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
