"""The ledger of landing files: what is new, and from which table versions a run starts.

The ledger's commit is the last of a run, so it tells which versions of the other tables belong
together. Whatever a table has beyond them was left by a run that did not finish.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from nextloop.errors import DataFault
from nextloop.orders.rows import Rules, Source
from nextloop.orders.staging import FileReport, refused_again
from nextloop.storage import delta
from nextloop.storage.lake import Lake
from nextloop.storage.landing import LandingFile
from nextloop.storage.slices import write_slice
from nextloop.tables import LANDING_FILES, ORDER_LINES, ORDERS, REJECTED_ROWS, Table

FILLED = (ORDERS, ORDER_LINES, REJECTED_ROWS)


@dataclass(frozen=True)
class Refusal:
    """A landing file that could not be read, and what its sender can do."""

    file_name: str
    reason: str
    mend: str = ""


@dataclass(frozen=True)
class Plan:
    """What a run has to do.

    Attributes:
        new: Files whose content was never taken in, with their names in the tables.
        seen: Names of files whose content was taken in before.
        refused: Files whose content was refused before and still is.
        versions: Version of each filled table that the run starts from.
    """

    new: Sequence[tuple[LandingFile, Source]]
    seen: Sequence[str]
    refused: Sequence[Refusal]
    versions: dict[str, int]


@dataclass(frozen=True)
class Counts:
    """Where a file's staged rows ended after contested orders were settled."""

    superseded: int = 0
    replaced: int = 0


def plan(lake: Lake, files: Sequence[LandingFile], rules: Rules) -> Plan:
    """Compare the landing with the ledger.

    Args:
        lake: The lake.
        files: The landing's files.
        rules: The settings; a file that they refused before may be readable by them now.
    """
    known = _read(lake)
    taken = {row["file_sha256"] for row in known if row["outcome"] == "ingested"}
    refused_before = {row["file_sha256"]: row for row in known if row["outcome"] == "refused"}
    new: dict[str, tuple[LandingFile, Source]] = {}
    seen, refused = [], []
    for file in files:
        past = refused_before.get(file.sha256)
        if file.sha256 in taken or file.sha256 in new:
            seen.append(file.name)
        elif past and (fault := refused_again(file.path, rules, past["reason"])):
            refused.append(Refusal(file.name, fault.message, fault.hint))
        else:
            revision = _revision(file, known)
            new[file.sha256] = (file, Source(file.name, revision, file.sha256))
    return Plan(list(new.values()), seen, refused, _versions(known))


def _revision(file: LandingFile, known: Sequence[dict[str, Any]]) -> int:
    """Return 1 for a new name, and one more for each other content that came under it."""
    before = {
        row["file_revision"]: row["file_sha256"] for row in known if row["file_name"] == file.name
    }
    same = [revision for revision, sha256 in before.items() if sha256 == file.sha256]
    return same[0] if same else max(before, default=0) + 1


def consistent_versions(lake: Lake) -> dict[str, int]:
    """Return the versions of `FILLED` that the last finished run left.

    Raises:
        DataFault: Nothing was taken in yet.
    """
    known = _read(lake)
    if not known:
        raise DataFault(
            f"The lake {lake.root} has no orders yet.",
            "Take some in: nextloop ingest --landing FOLDER",
        )
    return _versions(known)


def rewind_unfinished(lake: Lake, versions: dict[str, int]) -> list[str]:
    """Take back what an unfinished run left in the tables; return the names of those.

    Raises:
        DataFault: A table, or the ledger, has lost what the others were made with.
    """
    if delta.version(lake, LANDING_FILES) == delta.NO_VERSION:
        _check_untouched(lake)
    found = []
    for table in FILLED:
        present, recorded = delta.version(lake, table), versions[table.name]
        if present < recorded:
            raise _lost(lake, table)
        first = max(recorded, 0)
        if present > first and not delta.holds_same(lake, table, first, present):
            delta.rewind(lake, table, first)
            found.append(table.name)
    return found


def _check_untouched(lake: Lake) -> None:
    """Refuse to take orders for the rest of an unfinished run because their ledger is gone."""
    if any(delta.version(lake, table) > 0 for table in FILLED):
        raise _lost(lake, LANDING_FILES)


def _lost(lake: Lake, table: Table) -> DataFault:
    return DataFault(
        f"The lake {lake.root} has lost (part of) its table {table.name}.",
        "Restore the lake from a backup, or make a new one from the landing's files.",
    )


def record(
    lake: Lake,
    run_id: str,
    plan: Plan,
    reports: Sequence[FileReport],
    counts: dict[str, Counts],
    versions: dict[str, int],
) -> int:
    """Write the run's files into the ledger: from here on they are taken in.

    Args:
        lake: The lake.
        run_id: The run.
        plan: Its plan.
        reports: One a file.
        counts: By file_sha256.
        versions: Of the filled tables after the run.

    Returns:
        The ledger's version.
    """
    sizes = {file.sha256: file.size for file, _ in plan.new}
    rows = [
        _row(report, counts.get(report.file_sha256, Counts()), sizes[report.file_sha256])
        | {f"{name}_version": version for name, version in versions.items()}
        | {"run_id": run_id, "recorded_at": dt.datetime.now(dt.UTC)}
        for report in reports
    ]
    table = pa.Table.from_pylist(rows, LANDING_FILES.schema)
    file = write_slice(str(lake.folder(LANDING_FILES.name)), LANDING_FILES, run_id, table)
    return delta.publish(lake, LANDING_FILES, [file], run_id)


def _row(report: FileReport, counts: Counts, size: int) -> dict[str, object]:
    return {
        "file_name": report.file_name,
        "file_revision": report.file_revision,
        "file_sha256": report.file_sha256,
        "file_bytes": size,
        "outcome": "refused" if report.refused else "ingested",
        "reason": report.refused,
        "rows_in": report.rows_in,
        "accepted": report.staged - counts.superseded,
        "rejected": report.rejected,
        "superseded": counts.superseded,
        "replaced": counts.replaced,
        "first_reg_at": report.first_reg_us,
        "last_reg_at": report.last_reg_us,
    }


def _read(lake: Lake) -> list[dict[str, Any]]:
    if delta.version(lake, LANDING_FILES) == delta.NO_VERSION:
        return []
    # Times stay out of it: nothing here needs them.
    columns = [name for name in LANDING_FILES.schema.names if not name.endswith("_at")]
    found: list[dict[str, Any]] = delta.read(lake, LANDING_FILES, columns=columns).to_pylist()
    return found


def _versions(known: Sequence[dict[str, Any]]) -> dict[str, int]:
    return {table.name: _newest(known, table) for table in FILLED}


def _newest(known: Sequence[dict[str, Any]], table: Table) -> int:
    versions = [row[f"{table.name}_version"] for row in known]
    return max((version for version in versions if isinstance(version, int)), default=-1)
