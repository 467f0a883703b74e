"""Third stage: Parquet files, one a week, published in one commit a table."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from pyspark.sql import DataFrame

from nextloop.jobs import ledger
from nextloop.jobs.ingest.context import Run
from nextloop.jobs.ingest.transformation import Settled
from nextloop.orders.staging import FileReport
from nextloop.storage import delta
from nextloop.storage.slices import SLICE_FILE_DDL, SliceFile, slice_files, write_slice
from nextloop.tables import ORDERS, REJECTED_ROWS, Table


def convert(run: Run, files: Sequence[FileReport], settled: Settled) -> dict[str, int]:
    """Write and publish; return the tables' versions."""
    rejects = [SliceFile(**file.rejects) for file in files if file.rejects]
    written = {table: _write(run, table, rows) for table, rows in settled.tables.items()}
    total = sum(file.rows for file in written.get(ORDERS, ()))
    if total != settled.order_count:
        raise RuntimeError(f"the engine wrote {total} orders where {settled.order_count} were due")
    emptied = {
        table: settled.weeks - {file.value for file in found} for table, found in written.items()
    }
    written[REJECTED_ROWS] = rejects
    return {
        table.name: delta.publish(
            run.lake, table, written.get(table, ()), run.run_id, emptied.get(table, ())
        )
        for table in ledger.FILLED
    }


def _write(run: Run, table: Table, rows: DataFrame) -> list[SliceFile]:
    folder, run_id = str(run.lake.folder(table.name)), run.run_id

    def write(slice_rows: pa.Table) -> pa.Table:
        return pa.Table.from_batches([write_slice(folder, table, run_id, slice_rows).record()])

    found = rows.groupBy(table.slice_by).applyInArrow(write, SLICE_FILE_DDL).toArrow()
    return slice_files(found.to_pylist())
