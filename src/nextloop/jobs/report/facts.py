"""What the report tells, gathered: from the tables that were published and from the jobs' reports.

In come the settings (where the lake is) and what the chain gave, out go plain numbers and words.
"""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final

import pyarrow as pa

from nextloop.features.reader import read_arrow
from nextloop.jobs.demo.asking import Asked
from nextloop.jobs.demo.clock import Duration
from nextloop.jobs.features import FeaturesReport
from nextloop.jobs.ingest import IngestReport
from nextloop.jobs.train import TrainReport
from nextloop.registry import lineage
from nextloop.settings import Settings
from nextloop.storage import delta
from nextloop.storage.lake import Lake, open_lake
from nextloop.storage.landing import is_order_file
from nextloop.tables import HOTEL_DEMAND, LANDING_FILES, ORDERS, REJECTED_ROWS

HOURS: Final = 24
_TOLD: Final = ("code.", "lock.demo", "python", "platform", "library.")
_ENGINE_PACKAGES: Final = ("pyspark-client", "pyspark", "pysail")


@dataclass(frozen=True)
class Chain:
    """What the stations gave.

    Attributes:
        made_with: The demo's numbers.
        ingested: By file.
        features: Of the features job.
        trained: Of the training.
        asked: Guests and their offers.
        durations: Of the stations so far.
    """

    made_with: Mapping[str, Any]
    ingested: Mapping[str, IngestReport]
    features: FeaturesReport
    trained: TrainReport
    asked: Sequence[Asked]
    durations: Sequence[Duration]


@dataclass(frozen=True)
class FileRows:
    """What became of a file's rows.

    `rows_in` is the sum of accepted, rejected and superseded; of the accepted ones, `replaced`
    renewed an order that was stored before.
    """

    file: str
    rows_in: int
    accepted: int
    rejected: int
    superseded: int
    replaced: int


@dataclass(frozen=True)
class Facts:
    """All that the page shows beside `chain`.

    Attributes:
        chain: What the stations gave.
        files: Rows of each file, oldest first.
        reasons: Rejected rows by reason code, most first.
        weeks: First days of the weeks with orders.
        orders_by_week: By hotel, one number a week.
        orders_by_hour: By department's name, one number an hour; an order for two departments
            counts in both.
        order_count: Distinct orders.
        measured: What was measured and with what, as (name, value).
    """

    chain: Chain
    files: Sequence[FileRows]
    reasons: Mapping[str, int]
    weeks: Sequence[dt.date]
    orders_by_week: Mapping[int, Sequence[int]]
    orders_by_hour: Mapping[str, Sequence[int]]
    order_count: int
    measured: Sequence[tuple[str, str]]


def collect(settings: Settings, chain: Chain, departments: Mapping[int, str]) -> Facts:
    """Gather what the page shows.

    Args:
        settings: Where the lake is.
        chain: What the stations gave.
        departments: Names by department_seq.

    Returns:
        The facts.
    """
    lake = open_lake(settings.lake)
    orders = delta.read(lake, ORDERS, columns=["hotel_seq", "order_week"])
    weeks = sorted(set(orders["order_week"].to_pylist()))
    return Facts(
        chain=chain,
        files=_files(lake),
        reasons=_reasons(lake),
        weeks=weeks,
        orders_by_week=_by_week(orders, weeks),
        orders_by_hour=_by_hour(lake, chain.features.as_of, departments),
        order_count=orders.num_rows,
        measured=_measured(settings, chain),
    )


def _files(lake: Lake) -> list[FileRows]:
    names = ["rows_in", "accepted", "rejected", "superseded", "replaced"]
    rows = delta.read(lake, LANDING_FILES, columns=["file_name", *names]).to_pylist()
    return [
        FileRows(row["file_name"], *(row[name] for name in names))
        for row in sorted(rows, key=lambda row: str(row["file_name"]))
        if is_order_file(row["file_name"])
    ]


def _by_week(orders: pa.Table, weeks: Sequence[dt.date]) -> dict[int, list[int]]:
    groups = orders.group_by(["hotel_seq", "order_week"]).aggregate([([], "count_all")])
    count = {(row["hotel_seq"], row["order_week"]): row["count_all"] for row in groups.to_pylist()}
    hotels = sorted({hotel for hotel, _ in count})
    return {hotel: [count.get((hotel, week), 0) for week in weeks] for hotel in hotels}


def _by_hour(lake: Lake, as_of: dt.date, departments: Mapping[int, str]) -> dict[str, list[int]]:
    """Add up by name: each hotel numbers its own departments, and they bear the same names."""
    demand = read_arrow(lake, HOTEL_DEMAND, as_of)
    groups = demand.group_by(["department", "hour"]).aggregate([("order_count", "sum")])
    found: dict[str, list[int]] = defaultdict(lambda: [0] * HOURS)
    for row in groups.to_pylist():
        number = row["department"]
        name = departments.get(number, "-" if number is None else f"department {number}")
        found[name][row["hour"]] += row["order_count_sum"]
    return dict(sorted(found.items(), key=lambda item: -sum(item[1])))


def _reasons(lake: Lake) -> dict[str, int]:
    rows = delta.read(lake, REJECTED_ROWS, columns=["reason"])
    return dict(Counter(rows["reason"].to_pylist()).most_common())


def _measured(settings: Settings, chain: Chain) -> list[tuple[str, str]]:
    tags = lineage.tags({})
    told = {
        name.removeprefix("library."): value
        for name, value in tags.items()
        if name.startswith(_TOLD)
    }
    engine = {name: version for name in _ENGINE_PACKAGES if (version := _version(name))}
    orders = {name: count for name, count in chain.trained.split.items() if "orders" in name}
    return [
        ("made with", ", ".join(f"{name} {value}" for name, value in chain.made_with.items())),
        ("learned until", f"{chain.features.as_of}, the end of that day by the hotels' clocks"),
        ("orders by part", _joined(orders)),
        ("tables read", _joined(chain.features.inputs, "version ")),
        ("tables made", _joined(chain.features.versions, "version ")),
        ("engine", settings.spark),
        *told.items(),
        *engine.items(),
        ("CPUs", str(os.cpu_count())),
    ]


def _joined(numbers: Mapping[str, int], before: str = "") -> str:
    return ", ".join(f"{name} {before}{value:,}" for name, value in numbers.items())


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
