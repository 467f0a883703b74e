"""What every stage of one ingest run needs."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pyspark.sql import SparkSession

from nextloop.errors import SystemFault
from nextloop.jobs.ledger import Plan
from nextloop.orders.rows import Rules
from nextloop.settings import Settings
from nextloop.storage import files
from nextloop.storage.lake import Lake
from nextloop.storage.places import is_bucket

_NAME_TIME: Final = "%Y%m%dT%H%M%S"
_LONGEST_RUN: Final = timedelta(hours=24)
"""Staged rows of a bucket's lake are taken for a dead run's after this time."""


@dataclass(frozen=True)
class Run:
    """One run: its lake, engine, rules, plan, name and scratch folder."""

    lake: Lake
    spark: SparkSession
    rules: Rules
    plan: Plan
    run_id: str
    staging: str
    settings: Settings


def new_run_id() -> str:
    """Name a run: when it started, and what no other run has."""
    return f"{datetime.now(UTC):{_NAME_TIME}}-{secrets.token_hex(4)}"


@contextmanager
def staging_folder(lake: Lake, run_id: str) -> Iterator[str]:
    """Give the run's folder for staged rows; a dead run's folder goes with the next run."""
    root = lake.folder("staging")
    if is_bucket(root):
        _sweep(root)
    else:  # whoever holds the lake is the only one that is alive
        files.remove_tree(root)
    try:
        yield f"{root}/{run_id}"
    finally:
        # A bucket that fails a run fails here too: that must not hide what went wrong before, nor
        # undo what was published.
        with suppress(SystemFault):
            files.remove_tree(f"{root}/{run_id}" if is_bucket(root) else root)


def _sweep(root: str) -> None:
    """Remove what runs left that were killed long ago."""
    for run_id in {found.name.partition("/")[0] for found in files.listed(root)}:
        try:
            started = datetime.strptime(run_id.partition("-")[0], _NAME_TIME).replace(tzinfo=UTC)
        except ValueError:  # no run's: somebody put it there
            continue
        if datetime.now(UTC) - started > _LONGEST_RUN:
            files.remove_tree(f"{root}/{run_id}")
