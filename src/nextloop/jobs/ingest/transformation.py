"""Second stage: which state of each order counts, over new rows and the stored weeks they touch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import DataFrame

from nextloop.jobs.ingest.context import Run
from nextloop.jobs.ledger import Counts
from nextloop.orders import transform
from nextloop.orders.file_report import FileReport
from nextloop.storage import delta
from nextloop.storage.files import open_output
from nextloop.tables import ORDER_LINES, ORDERS, Table


@dataclass(frozen=True)
class Settled:
    """The newest state of every order of the weeks that a run touches.

    Attributes:
        tables: Rows of `orders` and `order_lines` in those weeks; empty if nothing was staged.
        counts: What became of each file's staged rows, by file_sha256.
        weeks: The weeks; one that has lost all its orders to others is among them.
        order_count: How many orders they must have.
    """

    tables: dict[Table, DataFrame] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)
    weeks: frozenset[str] = frozenset()
    order_count: int = 0


def settle(run: Run, files: Sequence[FileReport]) -> Settled:
    """Settle contested orders."""
    staged = [file.staged_path for file in files if file.staged_path]
    if not staged:
        return Settled()
    new = run.spark.read.parquet(*staged)
    weeks = {week for file in files for week in file.weeks} | _moved(run, new, files)
    known, known_rows = _known(run, ORDERS, weeks)
    known_lines, _ = _known(run, ORDER_LINES, weeks)
    contested = transform.contested(new, known).toArrow()
    counts = _count(contested, files)
    superseded = _superseded(run, contested)
    tables = {
        ORDERS: transform.newest_orders(new, known, superseded),
        ORDER_LINES: transform.newest_lines(new, known_lines, superseded),
    }
    gained = sum(f.staged - counts[f.file_sha256].superseded for f in files)
    replaced = sum(count.replaced for count in counts.values())
    return Settled(tables, counts, frozenset(weeks), known_rows + gained - replaced)


def _moved(run: Run, new: DataFrame, files: Sequence[FileReport]) -> set[str]:
    """Find other weeks that hold orders of the new files, looking only where numbers overlap."""
    low = min(file.low for file in files if file.low is not None)
    high = max(file.high for file in files if file.high is not None)
    weeks = {week for file in files for week in file.weeks}
    found = [
        f"{run.lake.folder(ORDERS.name)}/{add['path']}"
        for add in delta.slices(run.lake, ORDERS, run.plan.versions[ORDERS.name])
        if str(add["min.order_week"]) not in weeks
        and add["min.order_seq"] <= high
        and add["max.order_seq"] >= low
    ]
    if not found:
        return set()
    moved = transform.moved_weeks(new, run.spark.read.parquet(*found)).toArrow()
    return {week.isoformat() for week in moved["order_week"].to_pylist()}


def _known(run: Run, table: Table, weeks: set[str]) -> tuple[DataFrame | None, int]:
    version = run.plan.versions[table.name]
    adds = [
        add
        for add in delta.slices(run.lake, table, version)
        if str(add[f"min.{table.slice_by}"]) in weeks
    ]
    if not adds:
        return None, 0
    paths = [f"{run.lake.folder(table.name)}/{add['path']}" for add in adds]
    return run.spark.read.parquet(*paths), sum(add["num_records"] for add in adds)


def _count(contested: pa.Table, files: Sequence[FileReport]) -> dict[str, Counts]:
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


def _superseded(run: Run, contested: pa.Table) -> DataFrame | None:
    losers = contested.filter(pc.greater(contested["place"], 1))
    if not losers.num_rows:
        return None
    path = f"{run.staging}/superseded.parquet"
    with open_output(path) as sink:
        pq.write_table(losers, sink)
    return run.spark.read.parquet(path)
