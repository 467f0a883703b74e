"""The engine's tasks of reading landing files: one task a file, run where the engine runs.

In: rows that name files. Out: staged files, the rejects' data files, and one report a file.
 Only reports travel to the driver.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Generic, Protocol, TypeVar
from urllib.parse import quote_from_bytes, unquote_to_bytes

import pyarrow as pa

from nextloop.errors import DataFault
from nextloop.orders.again import Past
from nextloop.orders.file_report import FileReport, extend
from nextloop.orders.reader import check_file, read_rows
from nextloop.orders.refusals import FileFault, in_another_encoding
from nextloop.orders.rows import Rules, Source
from nextloop.orders.staged import open_staged
from nextloop.tables import REJECTED_ROWS, Table

# path: as `task_path` spells it. rejected: of a file that is read again, the data file of its
# rejected rows.
TASK_DDL: Final = (
    "path string, mark string, file_name string, file_revision int, file_sha256 string, "
    "rejected string"
)
REPORT_DDL: Final = "report string"


# An engine in this process starts all its tasks at once; more than the cores only cost memory.
AT_ONCE: Final = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))


class Slice(Protocol):
    """A data file of a table that is being written.

    Attributes:
        file: `storage.SliceFile` of it, when it is closed.
    """

    file: Any

    def write(self, rows: pa.Table) -> None:
        """Add rows, in the order of the table's key."""


class _Writer(Protocol):
    def write(self, rows: pa.Table) -> None: ...


_File = TypeVar("_File", bound=_Writer)


@dataclass(frozen=True)
class Doors:
    """How a task reaches files, wherever they lie: `storage.files` and `storage.slices`.

    Attributes:
        local_copy: Gives a landing file as one of the task's machine.
        open_output: Opens a file that shows when it is whole.
        open_slice: Opens a data file of a table.
        read_slice: Reads one.
    """

    local_copy: Callable[[str, str], AbstractContextManager[Path]]
    open_output: Callable[[str], AbstractContextManager[BinaryIO]]
    open_slice: Callable[[str, Table, str, str], AbstractContextManager[Slice]]
    read_slice: Callable[[str], pa.Table]


def task_path(path: str) -> str:
    """Spell a file's path so that a task's text can hold it, in whatever encoding its name is."""
    return quote_from_bytes(os.fsencode(path))


def reading_task(
    staging: str, rejects: str, run_id: str, rules: Rules, doors: Doors
) -> Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    """Make the function that an engine maps over files (`TASK_DDL` to `REPORT_DDL`).

    Args:
        staging: Folder or prefix for staged files.
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
                past = None if before is None else Past(doors.read_slice(before))
                source = Source(**task)
                target = f"{staging}/{source.file_sha256}"
                broken = doors.open_slice(rejects, REJECTED_ROWS, run_id, source.file_sha256)
                report = stage(path, mark, source, target, broken, rules, doors, past)
                yield pa.RecordBatch.from_pydict({"report": [json.dumps(vars(report))]})

    return read


def stage(
    path: str,
    mark: str,
    source: Source,
    target: str,
    broken: AbstractContextManager[Slice],
    rules: Rules,
    doors: Doors,
    past: Past | None = None,
) -> FileReport:
    """Read one file into a staged one and a slice of rejected rows.

    Args:
        path: The file.
        mark: What it was listed with.
        source: Its name in the tables.
        target: Path of the staged files.
        broken: Opens the slice.
        rules: The settings.
        doors: To the files.
        past: Rows of it that were rejected, if only those are meant.
    """
    report = FileReport(**vars(source), again=past.rows if past else None)
    # What was written of a file shows when all of it was read and it has not changed meanwhile.
    try:
        with AT_ONCE, ExitStack() as stack, doors.local_copy(path, mark) as copy:
            check_file(str(copy), rules)
            accepted = _WhenNeeded(open_staged(target, doors.open_output), stack)
            rejected = _WhenNeeded(broken, stack)
            _read(str(copy), source, rules, report, past, accepted.write, rejected.write)
    except DataFault as fault:
        refused = FileReport(**vars(source), refused=fault.message, mend=fault.hint)
        refused.again, refused.changed = report.again, past is None
        return refused
    if accepted.file is not None:
        report.staged_path, report.batches = target, accepted.file.batches
    if rejected.file is not None:
        report.rejects = dict(vars(rejected.file.file))
    return report


class _WhenNeeded(Generic[_File]):
    """A file that is opened when there are rows for it.

    Attributes:
        file: It, if there were.
    """

    def __init__(self, opened: AbstractContextManager[_File], stack: ExitStack) -> None:
        self.file: _File | None = None
        self._opened, self._stack = opened, stack

    def write(self, rows: pa.Table) -> None:
        if rows.num_rows:
            if self.file is None:
                self.file = self._stack.enter_context(self._opened)
            self.file.write(rows)


def _read(
    path: str,
    source: Source,
    rules: Rules,
    report: FileReport,
    past: Past | None,
    accept: Callable[[pa.Table], None],
    reject: Callable[[pa.Table], None],
) -> None:
    again: list[pa.Table] = []  # no more than were rejected before
    for found in read_rows(path, source, rules):
        rows = found if past is None else past.among(found)
        accept(rows.accepted)
        (reject if past is None else again.append)(rows.rejected)
        extend(report, rows)
    if past is not None:
        report.changed = past.changed
        for rejected in again if past.changed else ():
            reject(rejected)
    elif fault := in_another_encoding(report.rows_in, report.reasons):
        raise fault


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
