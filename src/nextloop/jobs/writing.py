"""DataFrames to data files of a table: written by the engine's tasks, published by the job."""

from __future__ import annotations

import pyarrow as pa
from pyspark.sql import DataFrame

from nextloop.storage.lake import Lake
from nextloop.storage.slices import SLICE_FILE_DDL, SliceFile, slice_files, write_slice
from nextloop.tables import Table


def write_slices(lake: Lake, table: Table, run_id: str, rows: DataFrame) -> list[SliceFile]:
    """Write rows where the engine runs, a file a slice (and part, if the table has them).

    Args:
        lake: Where the table lies.
        table: Its description.
        run_id: Names the run's own folder.
        rows: With the table's columns, in any order.

    Returns:
        What was written, by path; nothing shows before it is published.
    """
    # Only texts and the description go along to the tasks.
    folder = lake.folder(table.name)

    def write(part: pa.Table) -> pa.Table:
        return pa.Table.from_batches([write_slice(folder, table, run_id, part).record()])

    by = [name for name in (table.slice_by, table.part_by) if name]
    found = rows.groupBy(*by).applyInArrow(write, SLICE_FILE_DDL).toArrow()
    return slice_files(found.to_pylist())
