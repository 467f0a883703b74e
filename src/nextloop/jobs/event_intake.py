"""Take in events: the landing's new files of events into the table `events`.

In come files that `nextloop events ship` brought, out go rows of `events`, `rejected_rows` and the
ledger `landing_files`, whose commit makes a batch of files final. No engine is needed: the files
are ours, small and many. What a killed run had stored is found by the file and line that it came
from, so a rerun counts as an undisturbed run does (docs/decisions/0018).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from nextloop.events import doubles
from nextloop.events.lines import Judged, judge
from nextloop.events.stored import stored_among
from nextloop.jobs import event_ledger, settling
from nextloop.jobs.progress import Progress
from nextloop.orders.rows import Source
from nextloop.settings import Settings
from nextloop.storage import delta
from nextloop.storage.files import Changed, Found, local_copy
from nextloop.storage.lake import Lake, open_lake, writing
from nextloop.storage.landing import LandingFile, list_events
from nextloop.storage.slices import SliceFile, read_slice, write_slice
from nextloop.tables import EVENTS, LANDING_FILES, REJECTED_ROWS
from nextloop.telemetry import logs

_BATCH_BYTES: Final = 64 * 1024**2
"""About 250,000 events: what is held in memory at once, and published in one commit."""


@dataclass
class EventsReport:
    """What a run did.

    Attributes:
        new_files: Files taken in.
        seen_files: Files skipped because their content was taken in before.
        unfinished: Files that were written to, or taken away, while they were read; the next run
            takes what is there then.
        events_in: Lines in the new files.
        accepted: Of them events that came for the first time.
        doubles: Of them events that came before.
        rejected: Of them none that can be read.
        reasons: Rejected lines by reason code.
        rewound: Tables from which an unfinished run was taken back.
        versions: Version of each table that was published to.
        seconds: It took.
    """

    new_files: int = 0
    seen_files: int = 0
    unfinished: list[str] = field(default_factory=list)
    events_in: int = 0
    accepted: int = 0
    doubles: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    rewound: list[str] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


def take_in(settings: Settings, progress: Progress | None = None) -> EventsReport:
    """Take in the landing's new files of events.

    Args:
        settings: Where landing and lake are.
        progress: Told what is done.

    Raises:
        NextLoopError: Landing or lake is not usable, or another run is writing.
    """
    lake, found = open_lake(settings.lake), list_events(settings.landing)
    with writing(lake):
        return take_in_held(lake, found, progress)


def take_in_held(
    lake: Lake, found: Sequence[Found], progress: Progress | None = None
) -> EventsReport:
    """Do what `take_in` does, for who holds the lake.

    Args:
        lake: The lake.
        found: The landing's files of events.
        progress: Told what is done.
    """
    started, report, left, done = time.monotonic(), EventsReport(), list(found), 0
    while left:
        state = settling.settle(lake)
        report.rewound += state.rewound
        batch, left = _next(left, state, report)
        if batch:
            with settling.settled_after(lake):
                _publish(lake, state, batch, report)
        done = len(found) - len(left)
        if progress:
            progress(done, len(found), "events")
    report.seconds = round(time.monotonic() - started, 3)
    return report


@dataclass(frozen=True)
class _File:
    """A file that was read."""

    landed: LandingFile
    judged: Judged


def _next(
    files: Sequence[Found], state: settling.State, report: EventsReport
) -> tuple[list[_File], list[Found]]:
    """Read files until they are a batch; return it, and the files that are left."""
    marks = {(row["file_name"], row["file_mark"]) for row in state.rows}
    taken = {row["file_sha256"] for row in state.rows if row["outcome"] == "ingested"}
    batch: list[_File] = []
    size = 0
    for place, file in enumerate(files):
        if size and size + file.size > _BATCH_BYTES:
            return batch, list(files[place:])
        if (file.name, file.mark) in marks:
            report.seen_files += 1
            continue
        content = _content(file)
        if content is None:
            report.unfinished.append(file.name)
            continue
        sha256 = hashlib.sha256(content).hexdigest()
        if sha256 in taken:
            report.seen_files += 1
            continue
        taken.add(sha256)
        size += file.size
        source = Source(file.name, event_ledger.revision(file.name, state.rows), sha256)
        batch.append(_File(LandingFile(**vars(file), sha256=sha256), judge(content, source)))
    return batch, []


def _content(file: Found) -> bytes | None:
    try:
        with local_copy(file.path, file.mark) as copy:
            return copy.read_bytes()
    except (Changed, FileNotFoundError):  # written to, or taken away, since it was listed
        return None


def _publish(
    lake: Lake, state: settling.State, batch: Sequence[_File], report: EventsReport
) -> None:
    """Publish events, then rejected rows, then the ledger, whose commit makes the batch final."""
    run_id, base = event_ledger.new_run_id(), delta.create(lake, EVENTS)
    came = pa.concat_tables([file.judged.good for file in batch])
    found = doubles.sort_out(came, stored_among(lake, came, base))
    versions = dict(state.heads)
    if found.new.num_rows:
        files = _write(lake, found.new, run_id, base)
        report.versions[EVENTS.name] = delta.publish(lake, EVENTS, files, run_id, base)
    rejects = _write_rejects(lake, batch, run_id)
    if rejects:
        name = REJECTED_ROWS.name
        versions[name] = delta.publish(lake, REJECTED_ROWS, rejects, run_id, versions[name])
        report.versions[name] = versions[name]
    counted = [
        event_ledger.Counted(
            file.landed,
            file.judged.source.file_revision,
            events=file.judged.lines,
            accepted=found.accepted.get(file.landed.sha256, 0),
            rejected=file.judged.rejected.num_rows,
        )
        for file in batch
    ]
    report.versions[LANDING_FILES.name] = event_ledger.record(lake, run_id, versions, counted)
    _add_up(report, batch, counted)
    log = logs.get(__name__)
    log.info("events taken in", run_id=run_id, files=len(batch), new=found.new.num_rows)


def _write(lake: Lake, new: pa.Table, run_id: str, base: int) -> list[SliceFile]:
    """Write the days that gain events, each with what it has already."""
    folder, days = lake.folder(EVENTS.name), pc.unique(new["received_date"]).to_pylist()
    known = [(add["min.received_date"], add["path"]) for add in delta.slices(lake, EVENTS, base)]
    written = []
    for day in sorted(days):
        before = [read_slice(f"{folder}/{path}") for known_day, path in known if known_day == day]
        rows = new.filter(pc.equal(new["received_date"], pa.scalar(day, pa.date32())))
        whole = pa.concat_tables([*(each.cast(EVENTS.schema) for each in before), rows])
        written.append(write_slice(folder, EVENTS, run_id, whole))
    return written


def _write_rejects(lake: Lake, batch: Sequence[_File], run_id: str) -> list[SliceFile]:
    folder = lake.folder(REJECTED_ROWS.name)
    tables = [file.judged.rejected for file in batch if file.judged.rejected.num_rows]
    return [write_slice(folder, REJECTED_ROWS, run_id, rows) for rows in tables]


def _add_up(
    report: EventsReport, batch: Sequence[_File], counted: Sequence[event_ledger.Counted]
) -> None:
    report.new_files += len(counted)
    report.events_in += sum(file.events for file in counted)
    report.accepted += sum(file.accepted for file in counted)
    report.doubles += sum(file.doubles for file in counted)
    report.rejected += sum(file.rejected for file in counted)
    for file in batch:
        for reason, lines in file.judged.reasons.items():
            report.reasons[reason] = report.reasons.get(reason, 0) + lines
