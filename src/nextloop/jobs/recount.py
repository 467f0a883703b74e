"""The ledger's rows of files that were read again: their counts as they are now.

In: reports of the rows that had been rejected. Out: data files that replace the ledger's slices of
the runs that took those files in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from nextloop.orders.file_report import FileReport
from nextloop.storage import delta
from nextloop.storage.lake import Lake
from nextloop.tables import LANDING_FILES

MICROSECOND = dt.timedelta(microseconds=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def recounted(
    lake: Lake, at: int, reports: Sequence[FileReport], counts: Mapping[str, Mapping[str, int]]
) -> list[pa.Table]:
    """Count anew the files that were read again.

    Args:
        lake: The lake.
        at: The ledger's version.
        reports: One a file that was read again and has changed.
        counts: By file_sha256: its new `superseded` and `replaced` rows, and the tables' versions
            after the run.

    Returns:
        The rows of each run that had taken one of the files in, all of its files among them.
    """
    again = {report.file_sha256: report for report in reports}
    if not again:
        return []
    rows = delta.read(lake, LANDING_FILES, at).to_pylist()
    runs = {row["run_id"] for row in rows if _is_meant(row, again)}
    return [
        pa.Table.from_pylist(
            [
                _counted(row, again[row["file_sha256"]], counts[row["file_sha256"]])
                if _is_meant(row, again)
                else row
                for row in rows
                if row["run_id"] == run
            ],
            LANDING_FILES.schema,
        )
        for run in sorted(runs)
    ]


def _is_meant(row: Mapping[str, Any], again: Mapping[str, FileReport]) -> bool:
    return row["outcome"] == "ingested" and row["file_sha256"] in again


def _counted(
    row: Mapping[str, Any], report: FileReport, counts: Mapping[str, int]
) -> dict[str, Any]:
    """Return a file's row; the run that took it in, and when, stay."""
    superseded, replaced = counts["superseded"], counts["replaced"]
    versions = {name: version for name, version in counts.items() if name.endswith("_version")}
    return {
        **row,
        **versions,
        # A row that was too long may have been several, each rejected by itself.
        "rows_in": row["rows_in"] - row["rejected"] + report.rows_in,
        "accepted": row["accepted"] + report.staged - superseded,
        "rejected": report.rejected,
        "superseded": row["superseded"] + superseded,
        "replaced": row["replaced"] + replaced,
        "first_reg_at": min(_known(row["first_reg_at"], report.first_reg_us), default=None),
        "last_reg_at": max(_known(row["last_reg_at"], report.last_reg_us), default=None),
    }


def _known(at: dt.datetime | None, microseconds: int | None) -> list[dt.datetime]:
    found = [] if microseconds is None else [_EPOCH + microseconds * MICROSECOND]
    return found if at is None else [*found, at]
