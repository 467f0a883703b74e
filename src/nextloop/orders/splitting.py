"""A block's lines as records: by Arrow where it judges as the contract does, else the exact way.

In: a block. Out: `Texts`, the records' fields as strings and the lines that are no record. Arrow's
CSV reader judges a block when each of its lines is one whole record; every other block goes the
exact way (`records`), piece by piece, for its lines may be millions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv

from nextloop.orders import rejects
from nextloop.orders.blocks import Block, BlockReader
from nextloop.orders.contract import PRIVATE
from nextloop.orders.records import Unused, read_records
from nextloop.orders.regular import is_regular
from nextloop.tables.order_file import NULLS

_PIECE_RECORDS: Final = 16 * 1024


@dataclass(frozen=True)
class Texts:
    """Consecutive records of a block as texts, with where they stood and what could not be split.

    Attributes:
        table: Strings, one row a record, in the file's order; the private columns are not there.
        line_numbers: Of the records' first lines.
        broken: Lines that are no record, as `rejects.reject_shape` describes them.
    """

    table: pa.Table
    line_numbers: np.ndarray[Any, Any]
    broken: Sequence[dict[str, Any]] = ()


def split(
    block: Block, header: Sequence[str], max_row_bytes: int, blocks: BlockReader
) -> Iterator[Texts]:
    """Split a block into records.

    Args:
        block: The lines.
        header: The file's columns.
        max_row_bytes: A longer record is broken.
        blocks: Takes back the beginning of a record that goes on in the next block.

    Yields:
        Every record of the block once.
    """
    found = _split_fast(block, header, max_row_bytes)
    if found is not None:
        yield found
    elif block.too_long:
        broken = [rejects.reject_shape(block.first_line, "row_too_long", block.data)]
        yield Texts(_table([], header), np.zeros(0, np.int64), broken)
    else:
        yield from _split_exact(block, header, max_row_bytes, blocks)


def _split_fast(block: Block, header: Sequence[str], max_row_bytes: int) -> Texts | None:
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
    return Texts(table, block.first_line + np.arange(table.num_rows))


def _split_exact(
    block: Block, header: Sequence[str], max_row_bytes: int, blocks: BlockReader
) -> Iterator[Texts]:
    unused = Unused()
    found = read_records(block, len(header), max_row_bytes, unused)
    while records := list(islice(found, _PIECE_RECORDS)):
        whole = [record for record in records if record.reason is None]
        yield Texts(
            _table([record.fields for record in whole], header),
            np.array([record.line_number for record in whole], np.int64),
            [
                rejects.reject_shape(record.line_number, record.reason, record.raw)
                for record in records
                if record.reason is not None
            ],
        )
    if unused.data:
        blocks.give_back(unused.data)


def _table(records: Sequence[tuple[str, ...]], header: Sequence[str]) -> pa.Table:
    columns = zip(*records, strict=True) if records else [()] * len(header)
    return pa.table(
        {
            name: pa.array([None if text in NULLS else text for text in texts], pa.string())
            for name, texts in zip(header, columns, strict=True)
            if name not in PRIVATE
        }
    )
