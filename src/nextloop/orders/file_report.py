"""What became of one landing file, counted block by block while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextloop.orders.reader import Rows

_MINUTE_US: Final = 60_000_000


@dataclass
class FileReport:
    """What became of one file, or of the rows of it that had been rejected.

    Attributes:
        file_name: The file, as in the tables.
        file_revision: The same.
        file_sha256: The same.
        refused: Why none of it was read; None if it was read.
        mend: What its sender can do then.
        rows_in: Records found.
        staged: Of them without a fault.
        rejected: Of them with one.
        staged_path: Where the former lie, if there are any.
        batches: Of them, where each week's are (`staged.Staged`).
        rejects: `storage.SliceFile` of the latter as a dictionary, if any.
        weeks: Staged rows by `order_week`, an ISO date.
        first_reg_us: Earliest order, microseconds UTC.
        last_reg_us: Latest order.
        low: Smallest order_seq.
        high: Largest.
        reasons: Rejected rows by reason.
        period_ratios: Of each block, the median of completePeriod over the minutes between the
            order's own times: about 1 if the periods are minutes, 60 if they are seconds.
        again: How many rows of it had been rejected, if it was read for those.
        changed: Whether any of those has changed since.
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
    batches: dict[str, list[int]] = field(default_factory=dict)
    rejects: dict[str, Any] | None = None
    weeks: dict[str, int] = field(default_factory=dict)
    first_reg_us: int | None = None
    last_reg_us: int | None = None
    low: int | None = None
    high: int | None = None
    reasons: dict[str, int] = field(default_factory=dict)
    period_ratios: list[float] = field(default_factory=list)
    again: int | None = None
    changed: bool = True


def extend(report: FileReport, rows: Rows) -> None:
    """Count what became of the next records of the file."""
    report.rows_in += rows.records
    report.rejected += rows.rejected.num_rows
    for found in pc.value_counts(rows.rejected["reason"]).to_pylist():
        reason = found["values"]
        report.reasons[reason] = report.reasons.get(reason, 0) + found["counts"]
    table = rows.accepted
    if not table.num_rows:
        return
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
