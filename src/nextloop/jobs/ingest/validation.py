"""First stage: new files to staged rows, in the engine's tasks."""

from __future__ import annotations

import json

from nextloop.jobs.ingest.context import Run
from nextloop.orders.staging import (
    REPORT_DDL,
    TASK_DDL,
    Doors,
    FileReport,
    reading_task,
    task_path,
)
from nextloop.storage.files import local_copy, open_output
from nextloop.storage.slices import write_slice
from nextloop.tables import REJECTED_ROWS


def validate(run: Run) -> list[FileReport]:
    """Read every new file in the engine's tasks; return one report a file, by name."""
    tasks = [
        (
            task_path(file.path),
            file.mark,
            source.file_name,
            source.file_revision,
            source.file_sha256,
        )
        for file, source in run.plan.new
    ]
    rejects = run.lake.folder(REJECTED_ROWS.name)
    doors = Doors(local_copy, open_output, write_slice)
    task = reading_task(run.staging, rejects, run.run_id, run.rules, doors)
    files = run.spark.createDataFrame(tasks, TASK_DDL).repartition(len(tasks))
    found = files.mapInArrow(task, REPORT_DDL).toArrow()["report"].to_pylist()
    reports = sorted((FileReport(**json.loads(text)) for text in found), key=lambda r: r.file_name)
    missing = {source.file_name for _, source in run.plan.new} - {r.file_name for r in reports}
    if missing:
        raise RuntimeError(f"the engine lost the reports of {sorted(missing)}")
    for report in reports:
        if report.rows_in != report.staged + report.rejected:
            raise RuntimeError(f"{report.file_name}: rows in are not staged + rejected: {report}")
    return reports
