"""Data files: one Parquet file holds all rows of one slice of a table.

Written wherever the engine runs; only their descriptions (`SliceFile`) travel to the publisher.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nextloop.storage.files import open_input, open_output
from nextloop.tables import Table

_ROW_GROUP_ROWS: Final = 256 * 1024
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
    with open_output(f"{folder}/{path}") as sink:
        pq.write_table(rows, sink, compression="zstd", row_group_size=_ROW_GROUP_ROWS)
        size = sink.tell()
    return SliceFile(path, size, value, rows.num_rows, _stats(table, rows))


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


def _stats(table: Table, rows: pa.Table) -> str:
    names = dict.fromkeys((table.slice_by, *table.key))
    bounds = {name: _bounds(rows[name]) for name in names}
    known = {name: pair for name, pair in bounds.items() if pair[0] is not None}
    return json.dumps(
        {
            "numRecords": rows.num_rows,
            "minValues": {name: _json(low) for name, (low, _) in known.items()},
            "maxValues": {name: _json(high) for name, (_, high) in known.items()},
            "nullCount": {name: rows[name].null_count for name in names},
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
