"""Third stage: Parquet files, one a week, written first, then published in one commit a table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from nextloop.jobs import settling
from nextloop.jobs.ingest.context import Run
from nextloop.jobs.ingest.transformation import Settled
from nextloop.jobs.writing import write_slices
from nextloop.orders.file_report import FileReport
from nextloop.storage import delta
from nextloop.storage.files import remove_tree
from nextloop.storage.slices import SliceFile
from nextloop.tables import ORDERS, REJECTED_ROWS, Table


@dataclass(frozen=True)
class Written:
    """Data files that do not show yet.

    Attributes:
        files: By table.
        emptied: Slices that are to have no rows any more, by table.
    """

    files: dict[Table, Sequence[SliceFile]]
    emptied: dict[Table, Collection[str]]


def write(run: Run, files: Sequence[FileReport], settled: Settled) -> Written:
    """Write the data files of every table."""
    rejects = [SliceFile(**file.rejects) for file in files if file.rejects]
    written: dict[Table, Sequence[SliceFile]] = {
        table: write_slices(run.lake, table, run.run_id, rows)
        for table, rows in settled.tables.items()
    }
    total = sum(file.rows for file in written.get(ORDERS, ()))
    if total != settled.order_count:
        raise RuntimeError(f"the engine wrote {total} orders where {settled.order_count} were due")
    emptied: dict[Table, Collection[str]] = {
        table: settled.weeks - {file.value for file in found} for table, found in written.items()
    }
    written[REJECTED_ROWS] = rejects
    emptied[REJECTED_ROWS] = {
        file.file_sha256 for file in files if file.again is not None and not file.rejects
    }
    return Written(written, emptied)


def discard(run: Run) -> None:
    """Remove what was written: the run is not to publish it."""
    for table in settling.FILLED:
        remove_tree(f"{run.lake.folder(table.name)}/run-{run.run_id}")


def publish(run: Run, written: Written) -> dict[str, int]:
    """Publish what was written, table by table; return the tables' versions."""
    return {
        table.name: delta.publish(
            run.lake,
            table,
            written.files.get(table, ()),
            run.run_id,
            run.plan.versions[table.name],
            written.emptied.get(table, ()),
        )
        for table in settling.FILLED
    }
