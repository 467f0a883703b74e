"""What an ingest run did, counted from its files' reports."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nextloop.jobs.event_intake import EventsReport
from nextloop.jobs.ingest.judging import Finding
from nextloop.jobs.ledger import Counts, Refusal
from nextloop.orders.file_report import FileReport

_PERIODS_A_MINUTE = {"minutes": 1.0, "seconds": 60.0}
# Staff may count from acknowledging, so the periods are shorter than the whole wait; the wrong unit
# is off by 60.
_UNIT_TOLERANCE = 8.0


@dataclass(frozen=True)
class Retried:
    """A file that was taken in before, of which the rejected rows were read again.

    Attributes:
        file_name: The file.
        file_revision: Which content of it.
        before: How many of its rows were rejected.
        accepted: Of them now the newest state of their order.
        superseded: Of them now good, and older than what is known.
        rejected: Of them still rejected.
        refused: Why the file cannot be read by the settings of today; then nothing has changed.
    """

    file_name: str
    file_revision: int
    before: int
    accepted: int = 0
    superseded: int = 0
    rejected: int = 0
    refused: str | None = None


@dataclass
class IngestReport:
    """What a run did.

    Attributes:
        run_id: The run.
        new_files: Files taken in.
        seen_files: Files skipped because their content was taken in before.
        refused: Files that cannot be read, of this run and of earlier ones.
        retried: Files whose rejected rows were read again; their rows are among the counts.
        gone: Files whose rejected rows were to be read again, and are not in the landing any more.
        rows_in: Records in the new files.
        accepted: Of them the newest state of their order.
        rejected: Of them broken.
        superseded: Of them older than what is known.
        replaced: Accepted ones that renewed a stored order.
        reasons: Rejected rows by reason code.
        rewound: Tables from which an unfinished run was taken back.
        events: What became of the landing's files of events, where it has some.
        versions: Version of each table after the run.
        findings: What the batch rules found odd.
        warnings: What a person should look at, in words; the findings are among it.
        seconds: By stage.
    """

    run_id: str
    new_files: int = 0
    seen_files: int = 0
    refused: list[Refusal] = field(default_factory=list)
    retried: list[Retried] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    rows_in: int = 0
    accepted: int = 0
    rejected: int = 0
    superseded: int = 0
    replaced: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    rewound: list[str] = field(default_factory=list)
    events: EventsReport | None = None
    versions: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def add_up(report: IngestReport, files: Sequence[FileReport], counts: Mapping[str, Counts]) -> None:
    """Put the files' counts into the run's report.

    Raises:
        RuntimeError: Rows in are not accepted + rejected + superseded: a bug of ours.
    """
    report.rows_in = sum(file.rows_in for file in files)
    report.rejected = sum(file.rejected for file in files)
    report.superseded = sum(count.superseded for count in counts.values())
    report.replaced = sum(count.replaced for count in counts.values())
    report.accepted = sum(file.staged for file in files) - report.superseded
    report.reasons = dict(sum((Counter(file.reasons) for file in files), Counter()))
    if report.rows_in != report.accepted + report.rejected + report.superseded:
        raise RuntimeError(f"rows in are not accepted + rejected + superseded: {report}")


def retried(files: Sequence[FileReport], counts: Mapping[str, Counts]) -> list[Retried]:
    """Tell what became of the rejected rows that were read again, file by file."""
    return [
        Retried(
            file.file_name,
            file.file_revision,
            before=file.again,
            accepted=file.staged - superseded,
            superseded=superseded,
            rejected=file.again if file.refused else file.rejected,
            refused=file.refused,
        )
        for file in files
        if file.again is not None
        for superseded in [counts.get(file.file_sha256, Counts()).superseded]
    ]


def doubtful_unit(files: Sequence[FileReport], unit: str) -> list[str]:
    """Warn when the periods sent do not fit the orders' times in the unit that the settings say."""
    ratios = [ratio for file in files for ratio in file.period_ratios]
    if not ratios:
        return []
    per_minute = statistics.median(ratios)
    expected = _PERIODS_A_MINUTE[unit]
    if expected / _UNIT_TOLERANCE < per_minute < expected * _UNIT_TOLERANCE:
        return []
    told = f"completePeriod is about {per_minute:.3g} for each minute an order took"
    return [f"{told}: {unit} (orders.period_unit) may be the wrong unit"]
