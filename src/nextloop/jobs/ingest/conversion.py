"""Third stage: Parquet files, one a week, published in one commit a table."""

from __future__ import annotations

from collections.abc import Sequence

from nextloop.jobs import settling
from nextloop.jobs.ingest.context import Run
from nextloop.jobs.ingest.transformation import Settled
from nextloop.jobs.writing import write_slices
from nextloop.orders.staging import FileReport
from nextloop.storage import delta
from nextloop.storage.slices import SliceFile
from nextloop.tables import ORDERS, REJECTED_ROWS


def convert(run: Run, files: Sequence[FileReport], settled: Settled) -> dict[str, int]:
    """Write and publish; return the tables' versions."""
    rejects = [SliceFile(**file.rejects) for file in files if file.rejects]
    written = {
        table: write_slices(run.lake, table, run.run_id, rows)
        for table, rows in settled.tables.items()
    }
    total = sum(file.rows for file in written.get(ORDERS, ()))
    if total != settled.order_count:
        raise RuntimeError(f"the engine wrote {total} orders where {settled.order_count} were due")
    emptied = {
        table: settled.weeks - {file.value for file in found} for table, found in written.items()
    }
    written[REJECTED_ROWS] = rejects
    return {
        table.name: delta.publish(
            run.lake,
            table,
            written.get(table, ()),
            run.run_id,
            run.plan.versions[table.name],
            emptied.get(table, ()),
        )
        for table in settling.FILLED
    }
