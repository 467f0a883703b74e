"""The ledger of landing files: what is new to a run, and what the run did with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from nextloop.errors import DataFault
from nextloop.jobs.recount import recounted
from nextloop.jobs.settling import State
from nextloop.orders.file_report import FileReport
from nextloop.orders.rows import Rules, Source
from nextloop.orders.staging import refused_again
from nextloop.storage import delta
from nextloop.storage.files import Changed, Found, local_copy
from nextloop.storage.lake import Lake
from nextloop.storage.landing import LandingFile, hashed, is_order_file
from nextloop.storage.slices import write_slice
from nextloop.tables import LANDING_FILES


@dataclass(frozen=True)
class Refusal:
    """A landing file that could not be read, and what its sender can do."""

    file_name: str
    reason: str
    mend: str = ""


@dataclass(frozen=True)
class Retry:
    """Which files' rejected rows are to be read again, and which new files to be taken in.

    Attributes:
        names: The files; all if empty.
    """

    names: frozenset[str] = frozenset()

    def means(self, name: str) -> bool:
        """Tell whether a file is meant."""
        return not self.names or name in self.names


@dataclass(frozen=True)
class Plan:
    """What a run has to do.

    Attributes:
        new: Files whose content was never taken in, with their names in the tables.
        seen: Names of files whose content was taken in before.
        refused: Files whose content was refused before and still is.
        versions: Version of each filled table, and of the ledger, that the run starts from.
        again: Files that were taken in, of which the rejected rows are to be read again.
        gone: Such files whose content is no longer in the landing.
        faulty: Names of files that were refused, or of which rows were rejected.
    """

    new: Sequence[tuple[LandingFile, Source]]
    seen: Sequence[str]
    refused: Sequence[Refusal]
    versions: dict[str, int]
    again: Sequence[tuple[LandingFile, Source]] = ()
    gone: Sequence[Source] = ()
    faulty: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Counts:
    """Where a file's staged rows ended after contested orders were settled."""

    superseded: int = 0
    replaced: int = 0


def plan(state: State, found: Sequence[Found], rules: Rules, retry: Retry | None = None) -> Plan:
    """Compare the landing with the ledger.

    Args:
        state: Of the ledger.
        found: The landing's files.
        rules: The settings; a file that they refused before may be readable by them now.
        retry: Which files to look at, those with rejected rows again; new ones only if None.
    """
    known = state.rows
    marks = {(row["file_name"], row["file_mark"]): row["file_sha256"] for row in known}
    taken = {row["file_sha256"] for row in known if row["outcome"] == "ingested"}
    refused_before = {row["file_sha256"]: row for row in known if row["outcome"] == "refused"}
    new: dict[str, tuple[LandingFile, Source]] = {}
    broken = _with_rejects(known, retry)
    again: dict[str, tuple[LandingFile, Source]] = {}
    seen, refused = [], []
    for file in hashed(found, marks):
        past = refused_before.get(file.sha256)
        if file.sha256 in broken:
            again[file.sha256] = (file, broken[file.sha256])
        elif retry and not retry.means(file.name):
            continue
        elif file.sha256 in taken or file.sha256 in new:
            seen.append(file.name)
        elif past and (fault := _refused_again(file, rules, past["reason"])):
            refused.append(Refusal(file.name, fault.message, fault.hint))
        else:
            revision = _revision(file, known)
            new[file.sha256] = (file, Source(file.name, revision, file.sha256))
    # A file that came again under its name is not gone: it was corrected.
    corrected = {source.file_name for _, source in new.values()} | {
        row["file_name"]
        for row in known
        for source in broken.values()
        if row["file_name"] == source.file_name and row["file_revision"] > source.file_revision
    }
    gone = [
        source
        for sha256, source in broken.items()
        if sha256 not in again and source.file_name not in corrected
    ]
    faulty = frozenset(
        row["file_name"] for row in known if row["rejected"] or row["outcome"] == "refused"
    )
    return Plan(list(new.values()), seen, refused, state.heads, list(again.values()), gone, faulty)


def _with_rejects(known: Sequence[dict[str, Any]], retry: Retry | None) -> dict[str, Source]:
    """Return the files that were taken in less some rows, by their digests."""
    return {
        row["file_sha256"]: Source(row["file_name"], row["file_revision"], row["file_sha256"])
        for row in known
        if retry
        and row["outcome"] == "ingested"
        and row["rejected"]
        and retry.means(row["file_name"])
        and is_order_file(row["file_name"])
    }


def _refused_again(file: LandingFile, rules: Rules, reason: str) -> DataFault | None:
    try:
        with local_copy(file.path, file.mark) as copy:
            return refused_again(str(copy), rules, reason)
    except Changed as fault:
        return fault


def _revision(file: LandingFile, known: Sequence[dict[str, Any]]) -> int:
    """Return 1 for a new name, and one more for each other content that came under it."""
    before = {
        row["file_revision"]: row["file_sha256"] for row in known if row["file_name"] == file.name
    }
    same = [revision for revision, sha256 in before.items() if sha256 == file.sha256]
    return same[0] if same else max(before, default=0) + 1


def record(
    lake: Lake,
    run_id: str,
    plan: Plan,
    reports: Sequence[FileReport],
    counts: dict[str, Counts],
    versions: dict[str, int],
) -> int:
    """Write the run's files into the ledger: from here on they are taken in, or counted anew.

    Args:
        lake: The lake.
        run_id: The run.
        plan: Its plan.
        reports: One a file.
        counts: By file_sha256.
        versions: Of the filled tables after the run.

    Returns:
        The ledger's version.

    Raises:
        Overtaken: Another run was faster; its versions of the tables are the ones that count.
    """
    landed = {file.sha256: file for file, _ in plan.new}
    after = {f"{name}_version": version for name, version in versions.items()}
    rows = [
        _row(report, counts.get(report.file_sha256, Counts()), landed[report.file_sha256])
        | after
        | {"run_id": run_id, "recorded_at": dt.datetime.now(dt.UTC)}
        for report in reports
        if report.again is None
    ]
    base = plan.versions[LANDING_FILES.name]
    again = [report for report in reports if report.again is not None]
    anew = recounted(lake, base, again, {sha: vars(c) | after for sha, c in counts.items()})
    whole = [pa.Table.from_pylist(rows, LANDING_FILES.schema)] if rows else []
    folder = lake.folder(LANDING_FILES.name)
    files = [write_slice(folder, LANDING_FILES, run_id, table) for table in [*whole, *anew]]
    return delta.publish(lake, LANDING_FILES, files, run_id, base)


def _row(report: FileReport, counts: Counts, file: LandingFile) -> dict[str, object]:
    return {
        "file_name": report.file_name,
        "file_revision": report.file_revision,
        "file_sha256": report.file_sha256,
        "file_mark": file.mark,
        "file_bytes": file.size,
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
