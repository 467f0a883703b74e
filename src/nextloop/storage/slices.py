"""Data files: one Parquet file holds all rows of one slice of a table.

Written wherever the engine runs; only their descriptions (`SliceFile`) travel to the publisher.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nextloop.storage.files import open_input, open_output
from nextloop.tables import Table

_ROW_GROUP_ROWS: Final = 256 * 1024
_HELD_BYTES: Final = 32 * 1024 * 1024
SLICE_FILE_DDL: Final = "path string, size bigint, value string, rows bigint, stats string"
"""How an engine carries `SliceFile`s back from its tasks."""


@dataclass(frozen=True)
class SliceFile:
    """A data file that was written and is not yet published.

    Attributes:
        path: Relative to the table's folder.
        size: Bytes.
        value: The slice's value as text; every row has it.
        rows: Number of rows.
        stats: Delta statistics of the file, JSON.
    """

    path: str
    size: int
    value: str
    rows: int
    stats: str

    def record(self) -> pa.RecordBatch:
        """The description as one row of `SLICE_FILE_DDL`."""
        return pa.RecordBatch.from_pylist([vars(self)])


def write_slice(folder: str, table: Table, run_id: str, rows: pa.Table) -> SliceFile:
    """Write one slice's rows, sorted by the table's key.

    Args:
        folder: The table's folder or prefix.
        table: Its description.
        run_id: Names the run's own folder inside it.
        rows: At least one row, all with one value of `table.slice_by` and of `table.part_by`,
            any column order.

    Raises:
        ValueError: More than one value of the slice column, or a null where none may be.
    """
    rows = (
        rows.select(table.schema.names)
        .cast(table.schema)
        .sort_by([(name, "ascending") for name in table.key])
    )
    rows.validate()
    value = _only(table, rows, table.slice_by)
    part = f"-{_only(table, rows, table.part_by)}" if table.part_by else ""
    path = f"run-{run_id}/{value}{part}.parquet"
    stats = _Stats(table)
    stats.add(rows)
    with open_output(f"{folder}/{path}") as sink:
        pq.write_table(rows, sink, compression="zstd", row_group_size=_ROW_GROUP_ROWS)
        size = sink.tell()
    return SliceFile(path, size, value, rows.num_rows, stats.text())


class GrowingSlice:
    """A slice whose rows come in the order of the table's key, more of them than memory holds.

    Attributes:
        file: What was written, when it is closed.
    """

    def __init__(self, table: Table, writer: pq.ParquetWriter) -> None:
        self.file: SliceFile | None = None
        self.stats = _Stats(table)
        self._writer, self._held, self._schema = writer, [table.schema.empty_table()], table.schema

    def write(self, rows: pa.Table) -> None:
        """Add rows; a few of them wait for others, so that row groups are not small."""
        self._held.append(rows.select(self._schema.names).cast(self._schema))
        if sum(held.nbytes for held in self._held) > _HELD_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        rows = pa.concat_tables(self._held)
        self._held = [self._schema.empty_table()]
        if rows.num_rows:
            self.stats.add(rows)
            self._writer.write_table(rows)


@contextmanager
def open_slice(folder: str, table: Table, run_id: str, value: str) -> Iterator[GrowingSlice]:
    """Open a slice that grows; its file shows when the block ends, and not at all if it fails.

    Args:
        folder: The table's folder or prefix.
        table: Its description.
        run_id: Names the run's own folder inside it.
        value: The slice's value as text, which every row has.
    """
    path = f"run-{run_id}/{value}.parquet"
    with open_output(f"{folder}/{path}") as sink:
        with pq.ParquetWriter(sink, table.schema, compression="zstd") as writer:
            found = GrowingSlice(table, writer)
            yield found
            found.flush()
        size = sink.tell()
    found.file = SliceFile(path, size, value, found.stats.rows, found.stats.text())


def read_slice(path: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a data file, or some columns of it.

    Raises:
        OSError: It is not there.
    """
    with open_input(path) as stream:
        return pq.read_table(stream, columns=None if columns is None else list(columns))


def _only(table: Table, rows: pa.Table, column: str) -> str:
    low, high = _bounds(rows[column])
    if low is None or low != high:
        raise ValueError(f"{table.name}: a file holds {low} and {high} of {column}")
    return str(low)


class _Stats:
    """Delta's statistics of a data file, gathered from its rows."""

    def __init__(self, table: Table) -> None:
        self.rows = 0
        self._nulls = dict.fromkeys((table.slice_by, *table.key), 0)
        self._low: dict[str, Any] = {}
        self._high: dict[str, Any] = {}

    def add(self, rows: pa.Table) -> None:
        """Take in what the next rows hold."""
        self.rows += rows.num_rows
        for name in self._nulls:
            self._nulls[name] += rows[name].null_count
            low, high = _bounds(rows[name])
            if low is not None:
                self._low[name] = min(low, self._low.get(name, low))
                self._high[name] = max(high, self._high.get(name, high))

    def text(self) -> str:
        """Return them as Delta's log spells them."""
        return json.dumps(
            {
                "numRecords": self.rows,
                "minValues": {name: _json(low) for name, low in self._low.items()},
                "maxValues": {name: _json(high) for name, high in self._high.items()},
                "nullCount": self._nulls,
            },
            ensure_ascii=False,
        )


def _bounds(column: pa.ChunkedArray) -> tuple[Any, Any]:
    found = pc.min_max(column).as_py()
    return found["min"], found["max"]


def _json(value: Any) -> str | int | float:
    return value.isoformat() if isinstance(value, dt.date | dt.datetime) else value


def slice_files(records: Sequence[Any]) -> list[SliceFile]:
    """Read back what tasks reported as `SLICE_FILE_DDL` rows, in the order of their paths."""
    found = [
        SliceFile(row["path"], row["size"], row["value"], row["rows"], row["stats"])
        for row in records
    ]
    return sorted(found, key=lambda file: file.path)
