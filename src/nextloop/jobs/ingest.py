"""The ingest job: a landing's new order files into orders, order_lines and rejected_rows.

Three stages, named so in log and report: validation (files to staged rows), transformation (the
newest state of every order), conversion (Parquet files, one a week, published in one commit a
table). Nothing shows before the last stage; the ledger's commit makes the run final.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
import shutil
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from nextloop.jobs import ledger
from nextloop.jobs.ledger import Counts, Plan, Refusal
from nextloop.jobs.sessions import session_for
from nextloop.orders import transform
from nextloop.orders.rows import Rules
from nextloop.orders.staging import REPORT_DDL, TASK_DDL, FileReport, reading_task
from nextloop.privacy import fingerprint, load_key
from nextloop.settings import Settings
from nextloop.storage import delta
from nextloop.storage.lake import Lake, create_lake, writing
from nextloop.storage.landing import list_landing
from nextloop.storage.slices import SLICE_FILE_DDL, SliceFile, slice_files, write_slice
from nextloop.tables import ORDER_LINES, ORDERS, REJECTED_ROWS, Table
from nextloop.telemetry import logs

Progress = Callable[[int, int, str], None]
"""Told (done, total, what is done now)."""

_PERIODS_A_MINUTE = {"minutes": 1.0, "seconds": 60.0}
# Staff may count from acknowledging, so the periods are shorter than the whole wait; the wrong unit
# is off by 60.
_UNIT_TOLERANCE = 8.0
_STAGES = ("validation", "transformation", "conversion")


@dataclass
class IngestReport:
    """What a run did.

    Attributes:
        run_id: The run.
        new_files: Files taken in.
        seen_files: Files skipped because their content was taken in before.
        refused: Files that cannot be read, of this run and of earlier ones.
        rows_in: Records in the new files.
        accepted: Of them the newest state of their order.
        rejected: Of them broken.
        superseded: Of them older than what is known.
        replaced: Accepted ones that renewed a stored order.
        reasons: Rejected rows by reason code.
        rewound: Tables from which an unfinished run was taken back.
        versions: Version of each table after the run.
        warnings: What a person should look at.
        seconds: By stage.
    """

    run_id: str
    new_files: int = 0
    seen_files: int = 0
    refused: list[Refusal] = field(default_factory=list)
    rows_in: int = 0
    accepted: int = 0
    rejected: int = 0
    superseded: int = 0
    replaced: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    rewound: list[str] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Run:
    """What every stage of one run needs."""

    lake: Lake
    spark: SparkSession
    rules: Rules
    plan: Plan
    run_id: str
    staging: Path
    period_unit: str


def ingest(
    settings: Settings, spark: SparkSession | None = None, progress: Progress | None = None
) -> IngestReport:
    """Take in the landing's new files.

    Args:
        settings: Where landing and lake are, the engine, how rows are read.
        spark: An open session to use; one of `settings.spark` is opened if None.
        progress: Told what is done.

    Returns:
        What was done. Files that were refused are in it, the others were taken in all the same.

    Raises:
        NextLoopError: The landing, the lake or the engine is not usable; nothing was published.
    """
    key = load_key(settings)
    files = list_landing(settings.landing)
    lake = create_lake(settings.lake, fingerprint(key))
    run_id = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    report = IngestReport(run_id)
    with writing(lake):
        plan = ledger.plan(lake, files)
        report.rewound = ledger.rewind_unfinished(lake, plan.versions)
        report.seen_files, report.refused = len(plan.seen), list(plan.refused)
        for table in ledger.FILLED:
            report.versions[table.name] = delta.create(lake, table)
        if plan.new:
            with session_for(settings, spark) as session, _staging(lake, run_id) as staging:
                unit = settings.orders.period_unit
                run = _Run(lake, session, rules_of(settings, key), plan, run_id, staging, unit)
                _take_in(run, report, progress or (lambda *_: None))
    return report


def rules_of(settings: Settings, key: bytes) -> Rules:
    """Return what the reading of rows needs of the settings."""
    orders = settings.orders
    return Rules(
        timezone=orders.timezone,
        hotel_timezones=dict(orders.hotel_timezones),
        states={word.upper(): state for word, state in orders.status_map.items()},
        max_row_bytes=orders.max_row_bytes,
        max_file_bytes=orders.max_file_bytes,
        key=key,
    )


def _take_in(run: _Run, report: IngestReport, progress: Progress) -> None:
    log = logs.get(__name__)
    steps = iter(range(len(_STAGES) + 1))

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        progress(next(steps), len(_STAGES), name)
        started = time.monotonic()
        yield
        report.seconds[name] = round(time.monotonic() - started, 3)
        log.info("stage done", stage=name, run_id=run.run_id, seconds=report.seconds[name])

    with stage("validation"):
        files = _validate(run)
        refused = [Refusal(f.file_name, f.refused, f.mend or "") for f in files if f.refused]
        report.refused += refused
        report.new_files = len(files) - len(refused)
        report.warnings += _doubtful_unit(files, run.period_unit)
    with stage("transformation"):
        tables, counts, expected = _transform(run, files)
        _add_up(report, files, counts)
    with stage("conversion"):
        report.versions |= _convert(run, files, tables, expected)
        ledger.record(run.lake, run.run_id, run.plan, files, counts, report.versions)
    progress(len(_STAGES), len(_STAGES), "published")


def _validate(run: _Run) -> list[FileReport]:
    """Read every new file in the engine's tasks; return one report a file, by name."""
    tasks = [
        (file.path, source.file_name, source.file_revision, source.file_sha256)
        for file, source in run.plan.new
    ]
    rejects = str(run.lake.folder(REJECTED_ROWS.name))
    task = reading_task(str(run.staging), rejects, run.run_id, run.rules, write_slice)
    files = run.spark.createDataFrame(tasks, TASK_DDL).repartition(len(tasks))
    found = files.mapInArrow(task, REPORT_DDL).toArrow()["report"].to_pylist()
    reports = sorted((FileReport(**json.loads(text)) for text in found), key=lambda r: r.file_name)
    missing = {source.file_name for _, source in run.plan.new} - {r.file_name for r in reports}
    if missing:
        raise RuntimeError(f"the engine lost the reports of {sorted(missing)}")
    for report in reports:
        if report.rows_in != report.staged + report.rejected:
            raise RuntimeError(f"{report.file_name}: rows in are not staged + rejected: {report}")
    return reports


def _doubtful_unit(files: Sequence[FileReport], unit: str) -> list[str]:
    """Warn when the periods sent do not fit the orders' times in the unit that the settings say."""
    ratios = [ratio for file in files for ratio in file.period_ratios]
    if not ratios:
        return []
    per_minute = statistics.median(ratios)
    expected = _PERIODS_A_MINUTE[unit]
    if expected / _UNIT_TOLERANCE < per_minute < expected * _UNIT_TOLERANCE:
        return []
    return [
        f"completePeriod is about {per_minute:.3g} for each minute between ordered and completed: "
        f"{unit} (orders.period_unit) may be the wrong unit"
    ]


def _transform(
    run: _Run, files: Sequence[FileReport]
) -> tuple[dict[Table, DataFrame], dict[str, Counts], int]:
    """Settle contested orders.

    Returns:
        The touched weeks of both tables, what became of each file's staged rows, and how many
        orders the touched weeks must have.
    """
    staged = [file.staged_path for file in files if file.staged_path]
    if not staged:
        return {}, {}, 0
    new = run.spark.read.parquet(*staged)
    weeks = {week for file in files for week in file.weeks} | _moved(run, new, files)
    known, known_rows = _known(run, ORDERS, weeks)
    known_lines, _ = _known(run, ORDER_LINES, weeks)
    contested = transform.contested(new, known).toArrow()
    counts = _settle(contested, files)
    superseded = _superseded(run, contested)
    tables = {
        ORDERS: transform.newest_orders(new, known, superseded),
        ORDER_LINES: transform.newest_lines(new, known_lines, superseded),
    }
    gained = sum(f.staged - counts[f.file_sha256].superseded for f in files)
    replaced = sum(count.replaced for count in counts.values())
    return tables, counts, known_rows + gained - replaced


def _moved(run: _Run, new: DataFrame, files: Sequence[FileReport]) -> set[str]:
    """Find other weeks that hold orders of the new files, looking only where numbers overlap."""
    low = min(file.low for file in files if file.low is not None)
    high = max(file.high for file in files if file.high is not None)
    weeks = {week for file in files for week in file.weeks}
    found = [
        str(run.lake.folder(ORDERS.name) / add["path"])
        for add in delta.slices(run.lake, ORDERS, run.plan.versions[ORDERS.name])
        if str(add["min.order_week"]) not in weeks
        and add["min.order_seq"] <= high
        and add["max.order_seq"] >= low
    ]
    if not found:
        return set()
    moved = transform.moved_weeks(new, run.spark.read.parquet(*found)).toArrow()
    return {week.isoformat() for week in moved["order_week"].to_pylist()}


def _known(run: _Run, table: Table, weeks: set[str]) -> tuple[DataFrame | None, int]:
    version = run.plan.versions[table.name]
    adds = [
        add
        for add in delta.slices(run.lake, table, version)
        if str(add[f"min.{table.slice_by}"]) in weeks
    ]
    if not adds:
        return None, 0
    paths = [str(run.lake.folder(table.name) / add["path"]) for add in adds]
    return run.spark.read.parquet(*paths), sum(add["num_records"] for add in adds)


def _settle(contested: pa.Table, files: Sequence[FileReport]) -> dict[str, Counts]:
    superseded: Counter[tuple[str, int]] = Counter()
    replaced: Counter[tuple[str, int]] = Counter()
    for row in contested.select(
        ["file_name", "file_revision", "is_new", "place", "known_rows"]
    ).to_pylist():
        file = (row["file_name"], row["file_revision"])
        if row["is_new"] and row["place"] > 1:
            superseded[file] += 1
        elif row["is_new"] and row["known_rows"]:
            replaced[file] += 1
    return {
        file.file_sha256: Counts(superseded[name], replaced[name])
        for file in files
        for name in [(file.file_name, file.file_revision)]
    }


def _superseded(run: _Run, contested: pa.Table) -> DataFrame | None:
    losers = contested.filter(pc.greater(contested["place"], 1))
    if not losers.num_rows:
        return None
    path = run.staging / "superseded.parquet"
    pq.write_table(losers, path)
    return run.spark.read.parquet(str(path))


def _convert(
    run: _Run, files: Sequence[FileReport], tables: dict[Table, DataFrame], expected: int
) -> dict[str, int]:
    """Write and publish; return the tables' versions."""
    rejects = [SliceFile(**file.rejects) for file in files if file.rejects]
    written = {table: _write(run, table, rows) for table, rows in tables.items()}
    total = sum(file.rows for file in written.get(ORDERS, ()))
    if total != expected:
        raise RuntimeError(f"the engine wrote {total} orders where {expected} were due")
    written[REJECTED_ROWS] = rejects
    return {
        table.name: delta.publish(run.lake, table, written.get(table, ()), run.run_id)
        for table in ledger.FILLED
    }


def _write(run: _Run, table: Table, rows: DataFrame) -> list[SliceFile]:
    folder, run_id = str(run.lake.folder(table.name)), run.run_id

    def write(slice_rows: pa.Table) -> pa.Table:
        return pa.Table.from_batches([write_slice(folder, table, run_id, slice_rows).record()])

    found = rows.groupBy(table.slice_by).applyInArrow(write, SLICE_FILE_DDL).toArrow()
    return slice_files(found.to_pylist())


def _add_up(report: IngestReport, files: Sequence[FileReport], counts: dict[str, Counts]) -> None:
    report.rows_in = sum(file.rows_in for file in files)
    report.rejected = sum(file.rejected for file in files)
    report.superseded = sum(count.superseded for count in counts.values())
    report.replaced = sum(count.replaced for count in counts.values())
    report.accepted = sum(file.staged for file in files) - report.superseded
    report.reasons = dict(sum((Counter(file.reasons) for file in files), Counter()))
    if report.rows_in != report.accepted + report.rejected + report.superseded:
        raise RuntimeError(f"rows in are not accepted + rejected + superseded: {report}")


@contextmanager
def _staging(lake: Lake, run_id: str) -> Iterator[Path]:
    """Make the run's folder for staged rows; a dead run's folder goes with the next run."""
    root = lake.folder("staging")
    shutil.rmtree(root, ignore_errors=True)
    path = root / run_id
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(root, ignore_errors=True)
