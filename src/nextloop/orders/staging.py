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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nextloop.errors import DataFault
from nextloop.orders.reader import Rows, check_file, read_rows
from nextloop.orders.refusals import FileFault, in_another_encoding
from nextloop.orders.rows import STAGED, Rules, Source
from nextloop.tables import REJECTED_ROWS, Table

# path: as `task_path` spells it.
TASK_DDL: Final = (
    "path string, mark string, file_name string, file_revision int, file_sha256 string"
)
REPORT_DDL: Final = "report string"

_MINUTE_US: Final = 60_000_000

# An engine in this process starts all its tasks at once; more than the cores only cost memory.
_AT_ONCE: Final = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))


@dataclass
class FileReport:
    """What became of one file.

    Attributes:
        file_name: The file, as in the tables.
        file_revision: The same.
        file_sha256: The same.
        refused: Why none of it was read; None if it was read.
        mend: What its sender can do then.
        rows_in: Records found.
        staged: Of them without a fault.
        rejected: Of them with one.
        staged_path: Parquet file of the former, if any.
        rejects: `storage.SliceFile` of the latter as a dictionary, if any.
        weeks: Staged rows by `order_week`, an ISO date.
        first_reg_us: Earliest order, microseconds UTC.
        last_reg_us: Latest order.
        low: Smallest order_seq.
        high: Largest.
        reasons: Rejected rows by reason.
        period_ratios: Of each block, the median of completePeriod over the minutes between the
            order's own times: about 1 if the periods are minutes, 60 if they are seconds.
    """

    file_name: str
    file_revision: int
    file_sha256: str
    refused: str | None = None
    mend: str | None = None
    rows_in: int = 0
    staged: int = 0
    rejected: int = 0
    staged_path: str | None = None
    rejects: dict[str, Any] | None = None
    weeks: dict[str, int] = field(default_factory=dict)
    first_reg_us: int | None = None
    last_reg_us: int | None = None
    low: int | None = None
    high: int | None = None
    reasons: dict[str, int] = field(default_factory=dict)
    period_ratios: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Doors:
    """How a task reaches files, wherever they lie: `storage.files` and `storage.slices`.

    Attributes:
        local_copy: Gives a landing file as one of the task's machine.
        open_output: Opens a file that shows when it is whole.
        write_slice: Writes a data file of a table.
    """

    local_copy: Callable[[str, str], AbstractContextManager[Path]]
    open_output: Callable[[str], AbstractContextManager[BinaryIO]]
    write_slice: Callable[[str, Table, str, pa.Table], Any]


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
                source = Source(**task)
                target = f"{staging}/{source.file_sha256}.parquet"
                report, rejected = stage(path, mark, source, target, rules, doors)
                if rejected.num_rows:
                    written = doors.write_slice(rejects, REJECTED_ROWS, run_id, rejected)
                    report.rejects = dict(vars(written))
                yield pa.RecordBatch.from_pydict({"report": [json.dumps(vars(report))]})

    return read


def stage(
    path: str, mark: str, source: Source, target: str, rules: Rules, doors: Doors
) -> tuple[FileReport, pa.Table]:
    """Read one file into a staged one; return its report and its rejected rows."""
    try:
        with _AT_ONCE, doors.local_copy(path, mark) as copy, ExitStack() as stack:
            check_file(str(copy), rules)
            return _read(str(copy), source, rules, _Staged(target, doors, stack))
    except DataFault as fault:
        refused = FileReport(**vars(source), refused=fault.message, mend=fault.hint)
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


def _read(path: str, source: Source, rules: Rules, staged: _Staged) -> tuple[FileReport, pa.Table]:
    report = FileReport(**vars(source))
    rejected = [REJECTED_ROWS.schema.empty_table()]
    for rows in read_rows(path, source, rules):
        if rows.accepted.num_rows:
            staged.write(rows.accepted)
            _extend(report, rows)
        rejected.append(rows.rejected)
        report.rows_in += rows.records
    whole = pa.concat_tables(rejected)
    report.rejected = whole.num_rows
    report.reasons = {
        found["values"]: found["counts"] for found in pc.value_counts(whole["reason"]).to_pylist()
    }
    if fault := in_another_encoding(report.rows_in, report.reasons):
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


def _extend(report: FileReport, rows: Rows) -> None:
    table = rows.accepted
    report.staged += table.num_rows
    for found in pc.value_counts(table["order_week"]).to_pylist():
        week = found["values"].isoformat()
        report.weeks[week] = report.weeks.get(week, 0) + found["counts"]
    times, numbers = table["reg_at"].cast(pa.int64()), table["order_seq"]
    report.first_reg_us, report.last_reg_us = _widened(
        report.first_reg_us, report.last_reg_us, times
    )
    report.low, report.high = _widened(report.low, report.high, numbers)
    ratio = _period_ratio(table)
    if ratio is not None:
        report.period_ratios.append(ratio)


def _period_ratio(orders: pa.Table) -> float | None:
    """Compare the periods, whose unit no file states, with the orders' own times."""
    minutes = pc.divide(
        pc.subtract(orders["complete_at"].cast(pa.int64()), orders["reg_at"].cast(pa.int64())),
        _MINUTE_US,
    )
    lines = orders["lines"].combine_chunks()
    periods = np.asarray(pc.fill_null(lines.flatten().field("completePeriod"), 0.0))
    elapsed = np.asarray(pc.fill_null(minutes, 0))[np.asarray(pc.list_parent_indices(lines))]
    told = (periods > 0) & (elapsed > 0)
    return float(np.median(periods[told] / elapsed[told])) if told.any() else None


def _widened(low: int | None, high: int | None, values: pa.ChunkedArray) -> tuple[int, int]:
    """Return bounds that hold the values too."""
    found = pc.min_max(values).as_py()
    least, most = found["min"], found["max"]
    return (least if low is None else min(low, least), most if high is None else max(high, most))
