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
from nextloop.orders.staged import claims_path
from nextloop.orders.weeks import Week
from nextloop.storage import delta
from nextloop.storage.files import open_output
from nextloop.tables import ORDER_LINES, ORDERS, Table


@dataclass(frozen=True)
class Settled:
    """Which rows count in the weeks that a run touches.

    Attributes:
        weeks: Of what each week is made; one that has lost all its orders to others is among them.
        counts: What became of each file's staged rows, by file_sha256.
        order_count: How many orders the weeks must have.
    """

    weeks: Sequence[Week] = ()
    counts: dict[str, Counts] = field(default_factory=dict)
    order_count: int = 0


def settle(run: Run, files: Sequence[FileReport]) -> Settled:
    """Settle contested orders."""
    staged = [claims_path(file.staged_path) for file in files if file.staged_path]
    if not staged:
        return Settled()
    new = run.spark.read.parquet(*staged)
    weeks = sorted({week for file in files for week in file.weeks} | _moved(run, new, files))
    known = {table.name: _known(run, table, weeks) for table in (ORDERS, ORDER_LINES)}
    stored = [path for paths in known[ORDERS.name].values() for path in paths]
    contested = transform.contested(
        new, run.spark.read.parquet(*stored) if stored else None
    ).toArrow()
    counts = _count(contested, files)
    superseded = _superseded(run, contested)
    made_of = [
        Week(
            week,
            [(f.staged_path, f.batches[week]) for f in files if f.staged_path and week in f.weeks],
            {name: list(paths[week]) for name, paths in known.items() if week in paths},
            superseded.get(week),
        )
        for week in weeks
    ]
    gained = sum(f.staged - counts[f.file_sha256].superseded for f in files)
    replaced = sum(count.replaced for count in counts.values())
    before = sum(rows for paths in known[ORDERS.name].values() for rows in paths.values())
    return Settled(made_of, counts, before + gained - replaced)


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


def _known(run: Run, table: Table, weeks: Sequence[str]) -> dict[str, dict[str, int]]:
    """Find the table's data files of each week, with their rows."""
    found: dict[str, dict[str, int]] = {}
    for add in delta.slices(run.lake, table, run.plan.versions[table.name]):
        if (week := str(add[f"min.{table.slice_by}"])) in weeks:
            path = f"{run.lake.folder(table.name)}/{add['path']}"
            found.setdefault(week, {})[path] = add["num_records"]
    return found


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


def _superseded(run: Run, contested: pa.Table) -> dict[str, str]:
    """Leave the rows that do not count to the tasks, a file a week; return their paths."""
    losers = contested.filter(pc.greater(contested["place"], 1)).sort_by("order_week")
    paths = {}
    at = 0
    for found in pc.value_counts(losers["order_week"]).to_pylist():
        week, count = found["values"].isoformat(), found["counts"]
        paths[week] = f"{run.staging}/superseded-{week}.parquet"
        with open_output(paths[week]) as sink:
            pq.write_table(losers[at : at + count], sink)
        at += count
    return paths
