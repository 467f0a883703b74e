"""The engine's tasks of reading landing files: one task a file, run where the engine runs.

In: rows that name files. Out: staged Parquet files, the rejects' data files, and one report a
file. Only reports travel to the driver.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nextloop.errors import DataFault
from nextloop.orders.again import among, equal
from nextloop.orders.file_report import FileReport, extend
from nextloop.orders.reader import check_file, read_rows
from nextloop.orders.refusals import FileFault, in_another_encoding
from nextloop.orders.rows import STAGED, Rules, Source
from nextloop.tables import REJECTED_ROWS, Table

# path: as `task_path` spells it. rejected: of a file that is read again, the data file of its
# rejected rows.
TASK_DDL: Final = (
    "path string, mark string, file_name string, file_revision int, file_sha256 string, "
    "rejected string"
)
REPORT_DDL: Final = "report string"


# An engine in this process starts all its tasks at once; more than the cores only cost memory.
_AT_ONCE: Final = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))


@dataclass(frozen=True)
class Doors:
    """How a task reaches files, wherever they lie: `storage.files` and `storage.slices`.

    Attributes:
        local_copy: Gives a landing file as one of the task's machine.
        open_output: Opens a file that shows when it is whole.
        write_slice: Writes a data file of a table.
        read_slice: Reads one.
    """

    local_copy: Callable[[str, str], AbstractContextManager[Path]]
    open_output: Callable[[str], AbstractContextManager[BinaryIO]]
    write_slice: Callable[[str, Table, str, pa.Table], Any]
    read_slice: Callable[[str], pa.Table]


def task_path(path: str) -> str:
    """Spell a file's path so that a task's text can hold it, in whatever encoding its name is."""
    return quote_from_bytes(os.fsencode(path))


def reading_task(
    staging: str, rejects: str, run_id: str, rules: Rules, doors: Doors
) -> Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    """Make the function that an engine maps over files (`TASK_DDL` to `REPORT_DDL`).

    Args:
        staging: Folder or prefix for staged Parquet files.
        rejects: That of the table of rejected rows.
        run_id: The run.
        rules: The settings.
        doors: To the files.
    """

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for task in batch.to_pylist():
                path, mark = os.fsdecode(unquote_to_bytes(task.pop("path"))), task.pop("mark")
                before = task.pop("rejected")
                past = None if before is None else doors.read_slice(before)
                source = Source(**task)
                target = f"{staging}/{source.file_sha256}.parquet"
                report, rejected = stage(path, mark, source, target, rules, doors, past)
                if rejected.num_rows and report.changed:
                    written = doors.write_slice(rejects, REJECTED_ROWS, run_id, rejected)
                    report.rejects = dict(vars(written))
                yield pa.RecordBatch.from_pydict({"report": [json.dumps(vars(report))]})

    return read


def stage(
    path: str,
    mark: str,
    source: Source,
    target: str,
    rules: Rules,
    doors: Doors,
    past: pa.Table | None = None,
) -> tuple[FileReport, pa.Table]:
    """Read one file into a staged one.

    Args:
        path: The file.
        mark: What it was listed with.
        source: Its name in the tables.
        target: Of the staged rows.
        rules: The settings.
        doors: To the files.
        past: Rows of it that were rejected, if only those are meant.

    Returns:
        Its report and its rejected rows.
    """
    try:
        with _AT_ONCE, doors.local_copy(path, mark) as copy, ExitStack() as stack:
            check_file(str(copy), rules)
            return _read(str(copy), source, rules, _Staged(target, doors, stack), past)
    except DataFault as fault:
        refused = FileReport(**vars(source), refused=fault.message, mend=fault.hint)
        if past is not None:
            refused.again, refused.changed = len(past), False
        return refused, REJECTED_ROWS.schema.empty_table()


class _Staged:
    """A file of staged rows that is opened when there are any."""

    def __init__(self, path: str, doors: Doors, stack: ExitStack) -> None:
        self.path: str | None = None
        self._target, self._doors, self._stack = path, doors, stack

    def write(self, rows: pa.Table) -> None:
        if self.path is None:
            sink = self._stack.enter_context(self._doors.open_output(self._target))
            # Read once and dropped: dictionaries would cost more than they save.
            writer = pq.ParquetWriter(sink, STAGED, compression="lz4", use_dictionary=False)
            self._writer = self._stack.enter_context(writer)
            self.path = self._target
        self._writer.write_table(rows)


def _read(
    path: str, source: Source, rules: Rules, staged: _Staged, past: pa.Table | None
) -> tuple[FileReport, pa.Table]:
    report = FileReport(**vars(source))
    rejected = [REJECTED_ROWS.schema.empty_table()]
    for found in read_rows(path, source, rules):
        rows = found if past is None else among(found, past)
        if rows.accepted.num_rows:
            staged.write(rows.accepted)
            extend(report, rows)
        rejected.append(rows.rejected)
        report.rows_in += rows.records
    whole = pa.concat_tables(rejected)
    report.rejected = whole.num_rows
    report.reasons = {
        found["values"]: found["counts"] for found in pc.value_counts(whole["reason"]).to_pylist()
    }
    if past is not None:
        report.again, report.changed = len(past), not equal(past, whole)
    elif fault := in_another_encoding(report.rows_in, report.reasons):
        raise fault
    report.staged_path = staged.path
    return report, whole


def refused_again(path: str, rules: Rules, reason: str) -> DataFault | None:
    """Say why a file that was refused before still is.

    Args:
        path: The file, with the content that was refused.
        rules: The settings now.
        reason: Why it was refused.

    Returns:
        None if it can be read now: the settings that were in its way have changed.
    """
    not_text = FileFault("not_text")
    if reason == not_text.message:
        return not_text
    try:
        check_file(path, rules)
    except DataFault as fault:
        return fault
    return None
