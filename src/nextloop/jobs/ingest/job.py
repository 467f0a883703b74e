"""The ingest job: a landing's new order files into orders, order_lines and rejected_rows.

Three stages, named so in log and report: validation (files to staged rows), transformation (the
newest state of every order), conversion (Parquet files, one a week, published in one commit a
table). Nothing shows before the last stage; the ledger's commit makes the run final.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pyspark.sql import SparkSession

from nextloop import spark as engines
from nextloop.errors import DataFault
from nextloop.jobs import ledger, metrics, settling
from nextloop.jobs.event_intake import take_in_held
from nextloop.jobs.event_report import recent
from nextloop.jobs.freshness import newest_order
from nextloop.jobs.ingest.context import Run, new_run_id, staging_folder
from nextloop.jobs.ingest.conversion import Written, discard, publish, write
from nextloop.jobs.ingest.judging import judge
from nextloop.jobs.ingest.report import IngestReport, add_up, doubtful_unit, retried
from nextloop.jobs.ingest.transformation import settle
from nextloop.jobs.ingest.validation import validate
from nextloop.jobs.ledger import Refusal, Retry
from nextloop.jobs.progress import Progress
from nextloop.jobs.reading import rules_of
from nextloop.jobs.sessions import session_for
from nextloop.orders.file_report import FileReport
from nextloop.privacy import fingerprint, load_key
from nextloop.settings import Settings
from nextloop.storage.lake import create_lake, is_lake, writing
from nextloop.storage.landing import list_events, list_landing
from nextloop.tables import LANDING_FILES, ORDERS
from nextloop.telemetry import logs

_STAGES = ("validation", "transformation", "conversion")


def ingest(
    settings: Settings,
    spark: SparkSession | None = None,
    progress: Progress | None = None,
    retry: Retry | None = None,
) -> IngestReport:
    """Take in the landing's new files: of orders, then callers' events.

    Args:
        settings: Where landing and lake are, the engine, how rows are read.
        spark: An open session to use; one of `settings.spark` is opened if None.
        progress: Told what is done.
        retry: Files of which the rejected rows are read again, and which to look at at all.

    Returns:
        What was done. Files that were refused are in it, the others were taken in all the same.

    Raises:
        NextLoopError: The landing, the lake or the engine is not usable, or a batch rule that is
            set to `stop` found something; nothing was published.
    """
    if retry is not None:  # by hand, and of some files only: nothing to watch
        return _ingest(settings, spark, progress, retry)
    with metrics.tell_fault(settings, "ingest"):
        return _ingest(settings, spark, progress, retry)


def _ingest(
    settings: Settings,
    spark: SparkSession | None,
    progress: Progress | None,
    retry: Retry | None,
) -> IngestReport:
    found = list_landing(settings.landing)
    had_key = settings.privacy.guest_key is not None or settings.privacy.guest_key_file.exists()
    # A lake that is there was made with a key: a new one could only be wrong.
    key = load_key(settings, create=not is_lake(settings.lake))
    lake = create_lake(settings.lake, fingerprint(key))
    report = IngestReport(new_run_id())
    if not had_key:
        report.warnings.append(
            f"made a guest key at {settings.privacy.guest_key_file}: keep a copy of it away from "
            "the lake, without it the guests cannot be recognised"
        )
    with writing(lake):
        rules = rules_of(settings, key)
        state = settling.settle(lake)
        plan = ledger.plan(state, found, rules, retry)
        report.rewound, report.versions = state.rewound, dict(state.heads)
        report.seen_files, report.refused = len(plan.seen), list(plan.refused)
        report.gone = [f"{each.file_name}, revision {each.file_revision}" for each in plan.gone]
        if plan.new or plan.again:
            with (
                session_for(settings, spark) as session,
                staging_folder(lake, report.run_id) as staging,
                settling.settled_after(lake),
            ):
                run = Run(lake, session, rules, plan, report.run_id, staging, settings)
                _take_in(run, report, progress or (lambda *_: None))
        if retry is None and (events := list_events(settings.landing)):
            report.events = take_in_held(lake, events)
            report.versions |= report.events.versions
    if retry is None and settings.metrics_folder is not None:
        landed = max(file.written for file in found)
        newest = newest_order(lake, report.versions[ORDERS.name])
        metrics.leave_ingest(settings, report, landed, newest, recent(settings, lake))
    return report


def _take_in(run: Run, report: IngestReport, progress: Progress) -> None:
    log = logs.get(__name__)
    steps = iter(range(len(_STAGES) + 1))

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        progress(next(steps), len(_STAGES), name)
        started = time.monotonic()
        with engines.stage(run.spark, name):
            yield
        report.seconds[name] = round(time.monotonic() - started, 3)
        log.info("stage done", stage=name, run_id=run.run_id, seconds=report.seconds[name])

    with stage("validation"):
        read = validate(run)
        files = [file for file in read if file.changed]
        refused = [Refusal(f.file_name, f.refused, f.mend or "") for f in files if f.refused]
        report.refused += refused
        report.new_files = sum(file.again is None for file in files) - len(refused)
        report.retried = retried(read, {})
        report.warnings += doubtful_unit(files, run.settings.orders.period_unit)
    if not files:  # what was rejected still is: no table changes
        return
    with stage("transformation"):
        settled = settle(run, files)
        add_up(report, files, settled.counts)
        report.retried = retried(read, settled.counts)
    with stage("conversion"):
        written = write(run, files, settled)
        _judge(run, report, files, written)
        versions = publish(run, written)
        recorded = ledger.record(run.lake, run.run_id, run.plan, files, settled.counts, versions)
        report.versions |= versions | {LANDING_FILES.name: recorded}
    progress(len(_STAGES), len(_STAGES), "published")


def _judge(run: Run, report: IngestReport, files: Sequence[FileReport], written: Written) -> None:
    """Apply the batch rules; what was written goes when one of them stops the run."""
    new = [file for file in files if file.again is None]
    orders, emptied = written.files.get(ORDERS, ()), written.emptied.get(ORDERS, ())
    try:
        report.findings = judge(run, new, orders, emptied, run.settings.batch)
    except DataFault:
        discard(run)
        raise
    report.warnings += [f"{each.message} [batch.{each.rule}]" for each in report.findings]
