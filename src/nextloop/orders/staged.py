"""Staged rows: what the tasks that read files leave to the engine, and to those that write weeks.

In: accepted rows, piece by piece. Out: two files a landing file. Its claims (Parquet) say in a few
columns which row claims which order, for the engine to settle. Its rows (Arrow) are whole, a record
batch a piece and week, so that a week is read without the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nextloop.orders.rows import STAGED
from nextloop.tables import ORDERS

KEY: Final = ORDERS.key
IDENTITY: Final = ("file_name", "file_revision", "line_number")
"""Names one landing row for ever; the last word where two rows tell of the same moment."""
CLAIMS: Final = (*KEY, *IDENTITY, "order_week", "state", "state_at")


def claims_path(path: str) -> str:
    """Return where the claims of a staged file lie."""
    return f"{path}.parquet"


def _rows_path(path: str) -> str:
    return f"{path}.arrow"


class Staged:
    """A landing file's staged rows while they are written.

    Attributes:
        batches: Positions of each week's record batches, by the week's ISO date.
    """

    def __init__(self, claims: pq.ParquetWriter, rows: pa.RecordBatchFileWriter) -> None:
        self.batches: dict[str, list[int]] = {}
        self._claims, self._rows, self._count = claims, rows, 0

    def write(self, rows: pa.Table) -> None:
        """Add accepted rows, schema `rows.STAGED`."""
        self._claims.write_table(rows.select(CLAIMS))
        for week, part in _by_week(rows):
            for batch in part.combine_chunks().to_batches():
                self._rows.write_batch(batch)
                self.batches.setdefault(week, []).append(self._count)
                self._count += 1


@contextmanager
def open_staged(
    path: str, open_output: Callable[[str], AbstractContextManager[BinaryIO]]
) -> Iterator[Staged]:
    """Open the files for staged rows; they show when the block ends well.

    Args:
        path: Of both, less their ends.
        open_output: `storage.files.open_output`.
    """
    packed = pa.ipc.IpcWriteOptions(compression="lz4")
    with (
        open_output(claims_path(path)) as narrow,
        open_output(_rows_path(path)) as whole,
        pq.ParquetWriter(narrow, pa.schema([STAGED.field(name) for name in CLAIMS])) as claims,
        pa.ipc.new_file(whole, STAGED, options=packed) as rows,
    ):
        yield Staged(claims, rows)


def read_week(
    staged: Iterable[tuple[str, Sequence[int]]],
    open_input: Callable[[str], AbstractContextManager[BinaryIO]],
) -> pa.Table:
    """Read the staged rows of a week.

    Args:
        staged: Each file's path as given to `open_staged`, and the week's batches in it.
        open_input: `storage.files.open_input`.

    Returns:
        One row an accepted landing row, schema `rows.STAGED`, a chunk a batch.
    """
    found = []
    for path, batches in staged:
        with open_input(_rows_path(path)) as stream:
            reader = pa.ipc.open_file(stream)
            found += [reader.get_batch(batch) for batch in batches]
    return pa.Table.from_batches(found, STAGED)


def _by_week(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    weeks = pc.unique(rows["order_week"]).to_pylist()
    if len(weeks) <= 1:
        yield from ((week.isoformat(), rows) for week in weeks)
        return
    # One sort, not a filter a week: a file made to fill the disk has thousands of weeks.
    rows = rows.sort_by("order_week")
    numbers = np.asarray(rows["order_week"].cast(pa.int32()))
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        yield rows["order_week"][start].as_py().isoformat(), rows[start:end]
