"""The features job: the feature tables as of a date, from the orders that the ledger vouches for.

A table's as-of date is replaced as a whole; other dates stay. The same date on the same orders
gives equal rows, and is not computed again.
"""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from nextloop.errors import DataFault
from nextloop.features import build
from nextloop.features.reader import VERSIONS
from nextloop.features.source import Clocks
from nextloop.jobs import metrics, settling
from nextloop.jobs.freshness import newest_orders
from nextloop.jobs.progress import Progress
from nextloop.jobs.sessions import session_for
from nextloop.jobs.writing import write_slices
from nextloop.settings import Settings
from nextloop.storage import delta
from nextloop.storage.lake import Lake, open_lake, writing
from nextloop.storage.slices import SliceFile
from nextloop.tables import FEATURE_TABLES, INTERACTIONS, ORDER_LINES, ORDERS, Table

_LATEST = dt.timedelta(days=35)
"""An as-of date may be this long after the newest week: a month's closing and its last week."""


@dataclass
class FeaturesReport:
    """What a run did.

    Attributes:
        as_of: The date.
        run_id: The run; the one that made the tables, if they were there already.
        made: Whether anything was computed.
        rows: By table.
        versions: Of the feature tables after the run.
        inputs: Versions of the tables that were read.
        seconds: It took.
    """

    as_of: dt.date
    run_id: str
    made: bool = False
    rows: dict[str, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    inputs: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


@metrics.telling_faults("features")
def features(
    settings: Settings,
    as_of: dt.date,
    spark: SparkSession | None = None,
    progress: Progress | None = None,
) -> FeaturesReport:
    """Make the feature tables as of a date.

    Args:
        settings: Where the lake is, the engine, the hotels' time zones.
        as_of: The last local date that counts.
        spark: An open session to use; one of `settings.spark` is opened if None.
        progress: Told what is done.

    Raises:
        DataFault: There are no orders up to that date.
        NextLoopError: Lake or engine is not usable; nothing was published.
    """
    started = time.monotonic()
    lake = open_lake(settings.lake)
    with writing(lake):
        # Before anything is read: whoever commits from here on overtakes this run.
        bases = {table: delta.version(lake, table) for table in FEATURE_TABLES}
        inputs = settling.consistent_versions(lake)
        run_id = f"{as_of:%Y%m%d}-{secrets.token_hex(4)}"
        report = FeaturesReport(as_of, run_id, inputs=inputs)
        if not _already_made(lake, report):
            _check_dates(lake, as_of, inputs[ORDERS.name])
            with session_for(settings, spark) as session:
                _make(lake, session, settings, report, bases, progress or (lambda *_: None))
    report.seconds = round(time.monotonic() - started, 3)
    metrics.leave_features(settings, report)
    return report


def newest_date(settings: Settings) -> dt.date:
    """Return the local date of the newest order in the lake.

    Raises:
        DataFault: There are none.
    """
    lake = open_lake(settings.lake)
    version = settling.consistent_versions(lake)[ORDERS.name]
    rows = newest_orders(lake, version)
    if not rows:
        raise _no_orders(None, "the tables are empty")
    zone = settings.orders.timezone_of
    dates: list[dt.date] = [
        row["reg_at"].astimezone(ZoneInfo(zone(row["hotel_seq"]))).date() for row in rows
    ]
    return max(dates)


def _make(
    lake: Lake,
    spark: SparkSession,
    settings: Settings,
    report: FeaturesReport,
    bases: Mapping[Table, int],
    progress: Progress,
) -> None:
    clocks = Clocks(settings.orders.timezone, dict(settings.orders.hotel_timezones))
    orders, order_lines = (
        spark.read.parquet(*delta.paths(lake, table, report.inputs[table.name]))
        for table in (ORDERS, ORDER_LINES)
    )
    lines = build.known(orders, order_lines, report.as_of, clocks)
    progress(0, len(FEATURE_TABLES), INTERACTIONS.name)
    written = {INTERACTIONS: _write(lake, INTERACTIONS, report, build.interactions(lines))}
    if not written[INTERACTIONS]:
        raise _no_orders(report.as_of, "none is complete with a priced item")
    # Read back rather than computed again: three tables follow from it.
    folder = lake.folder(INTERACTIONS.name)
    bought = spark.read.parquet(*(f"{folder}/{file.path}" for file in written[INTERACTIONS]))
    for table, make in build.derived(lines, bought, report.as_of).items():
        progress(len(written), len(FEATURE_TABLES), table.name)
        written[table] = _write(lake, table, report, make())
    _publish(lake, report, written, bases)
    progress(len(written), len(written), "published")


def _publish(
    lake: Lake,
    report: FeaturesReport,
    written: dict[Table, list[SliceFile]],
    bases: Mapping[Table, int],
) -> None:
    """Publish all tables, interactions last: its commit says which versions belong together."""
    report.rows = {table.name: sum(file.rows for file in files) for table, files in written.items()}
    for table, files in reversed(written.items()):
        about = {"as_of": str(report.as_of), "inputs": report.inputs}
        if table is INTERACTIONS:
            about[VERSIONS] = dict(report.versions)
        report.versions[table.name] = delta.publish(
            lake,
            table,
            files,
            report.run_id,
            bases[table] if bases[table] != delta.NO_VERSION else _first(lake, table),
            [] if files else [str(report.as_of)],
            about,
        )
    report.made = True


def _first(lake: Lake, table: Table) -> int:
    """Make a table; whoever has committed to it since is found by its first version."""
    delta.create(lake, table)
    return 0


def _write(lake: Lake, table: Table, report: FeaturesReport, rows: DataFrame) -> list[SliceFile]:
    dated = rows.withColumn("as_of", f.lit(report.as_of)).select(*table.schema.names)
    return write_slices(lake, table, report.run_id, dated)


def _already_made(lake: Lake, report: FeaturesReport) -> bool:
    """Fill the report from the tables if these inputs gave this date's rows already."""
    if delta.version(lake, INTERACTIONS) == delta.NO_VERSION:
        return False
    commits = delta.history(lake, INTERACTIONS)
    made = next((found for found in commits if found.get("as_of") == str(report.as_of)), None)
    if made is None or made.get("inputs") != report.inputs:
        return False
    report.run_id = str(made["run_id"])
    for table in FEATURE_TABLES:
        report.versions[table.name] = delta.version(lake, table)
        adds = delta.slices(lake, table)
        report.rows[table.name] = sum(
            add["num_records"] for add in adds if add["min.as_of"] == report.as_of
        )
    return True


def _check_dates(lake: Lake, as_of: dt.date, version: int) -> None:
    weeks = [add["min.order_week"] for add in delta.slices(lake, ORDERS, version)]
    if not weeks:
        raise _no_orders(as_of, "the tables are empty")
    if as_of > max(weeks) + _LATEST:
        raise DataFault(
            f"--as-of {as_of} is more than {_LATEST.days} days after the newest orders (week of "
            f"{max(weeks)}): later runs would read the features of that date as the newest.",
            "Give a date near the newest orders, or leave --as-of out.",
        )
    if as_of < min(weeks):
        raise _no_orders(as_of, f"the first are of the week of {min(weeks)}")


def _no_orders(as_of: dt.date | None, why: str) -> DataFault:
    return DataFault(
        f"There are no orders to learn from up to {as_of or 'any date'}: {why}.",
        "Give a later --as-of, or take in more files: nextloop ingest --landing FOLDER",
    )
