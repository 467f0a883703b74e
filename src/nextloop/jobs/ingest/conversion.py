"""Third stage: Parquet files, one a week, written first, then published in one commit a table."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from nextloop.jobs import settling
from nextloop.jobs.ingest.context import Run
from nextloop.jobs.ingest.transformation import Settled
from nextloop.orders.file_report import FileReport
from nextloop.orders.weeks import WEEK_DDL, WRITTEN_DDL, Week, WeekDoors, writing_task
from nextloop.storage import delta
from nextloop.storage.files import open_input, remove_tree
from nextloop.storage.slices import SliceFile, read_slice, write_slice
from nextloop.tables import ORDER_LINES, ORDERS, REJECTED_ROWS, Table


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
    written: dict[Table, Sequence[SliceFile]] = dict(write_weeks(run, settled.weeks))
    total = sum(file.rows for file in written[ORDERS])
    if total != settled.order_count:
        raise RuntimeError(f"the tasks wrote {total} orders where {settled.order_count} were due")
    emptied: dict[Table, Collection[str]] = {
        table: {week.week for week in settled.weeks} - {file.value for file in found}
        for table, found in written.items()
    }
    written[REJECTED_ROWS] = [SliceFile(**file.rejects) for file in files if file.rejects]
    emptied[REJECTED_ROWS] = {
        file.file_sha256 for file in files if file.again is not None and not file.rejects
    }
    return Written(written, emptied)


def write_weeks(run: Run, weeks: Sequence[Week]) -> dict[Table, list[SliceFile]]:
    """Write weeks in the engine's tasks; return the data files of each table, by week."""
    tables = (ORDERS, ORDER_LINES)
    if not weeks:
        return {table: [] for table in tables}
    folders = {table.name: run.lake.folder(table.name) for table in tables}
    task = writing_task(folders, run.run_id, WeekDoors(open_input, read_slice, write_slice))
    tasks = run.spark.createDataFrame([(week.text(),) for week in weeks], WEEK_DDL)
    found = tasks.repartition(len(weeks)).mapInArrow(task, WRITTEN_DDL).toArrow()
    written = [json.loads(text) for text in found["written"].to_pylist()]
    if len(written) != len(weeks):
        raise RuntimeError(f"the engine wrote {len(written)} weeks of {len(weeks)}")
    return {
        table: sorted(
            (SliceFile(**files[table.name]) for files in written if table.name in files),
            key=lambda file: file.path,
        )
        for table in tables
    }


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
