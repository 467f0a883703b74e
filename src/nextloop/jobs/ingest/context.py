"""What every stage of one ingest run needs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from nextloop.jobs.ledger import Plan
from nextloop.orders.rows import Rules
from nextloop.storage.lake import Lake


@dataclass(frozen=True)
class Run:
    """One run: its lake, engine, rules, plan, name and scratch folder."""

    lake: Lake
    spark: SparkSession
    rules: Rules
    plan: Plan
    run_id: str
    staging: Path
    period_unit: str


@contextmanager
def staging_folder(lake: Lake, run_id: str) -> Iterator[Path]:
    """Make the run's folder for staged rows; a dead run's folder goes with the next run."""
    root = lake.folder("staging")
    shutil.rmtree(root, ignore_errors=True)
    path = root / run_id
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(root, ignore_errors=True)
