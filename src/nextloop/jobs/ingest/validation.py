"""First stage: files to staged rows, in the engine's tasks."""

from __future__ import annotations

import json

from nextloop.jobs.ingest.context import Run
from nextloop.orders.file_report import FileReport
from nextloop.orders.staging import (
    REPORT_DDL,
    TASK_DDL,
    Doors,
    reading_task,
    task_path,
)
from nextloop.storage import delta
from nextloop.storage.files import local_copy, open_output
from nextloop.storage.slices import open_slice, read_slice
from nextloop.tables import REJECTED_ROWS


def validate(run: Run) -> list[FileReport]:
    """Read every file of the plan in the engine's tasks; return one report a file, by name."""
    rejects = run.lake.folder(REJECTED_ROWS.name)
    past = _rejected_before(run)
    tasks = [
        (task_path(file.path), file.mark, *vars(source).values(), past.get(source.file_sha256))
        for file, source in (*run.plan.new, *run.plan.again)
    ]
    doors = Doors(local_copy, open_output, open_slice, read_slice)
    task = reading_task(run.staging, rejects, run.run_id, run.rules, doors)
    files = run.spark.createDataFrame(tasks, TASK_DDL).repartition(len(tasks))
    found = files.mapInArrow(task, REPORT_DDL).toArrow()["report"].to_pylist()
    reports = sorted((FileReport(**json.loads(text)) for text in found), key=lambda r: r.file_name)
    missing = {sha256 for *_, sha256, _ in tasks} - {report.file_sha256 for report in reports}
    if missing:
        raise RuntimeError(f"the engine lost the reports of {sorted(missing)}")
    for report in reports:
        if report.rows_in != report.staged + report.rejected:
            raise RuntimeError(f"{report.file_name}: rows in are not staged + rejected: {report}")
    return reports


def _rejected_before(run: Run) -> dict[str, str]:
    """Find the data file of the rejected rows of each file that is read again, by its digest."""
    if not run.plan.again:
        return {}
    again = {source.file_sha256 for _, source in run.plan.again}
    adds = delta.slices(run.lake, REJECTED_ROWS, run.plan.versions[REJECTED_ROWS.name])
    folder = run.lake.folder(REJECTED_ROWS.name)
    return {
        add["min.file_sha256"]: f"{folder}/{add['path']}"
        for add in adds
        if add["min.file_sha256"] in again
    }
