"""Rejected rows once more: a corrected file, or settings that have changed, bring them in.

It is an ingest run. A corrected file is new content and comes in like any other: rows that are the
same supersede or replace each other, so that none is doubled. A file that is as it was is read
again by the settings of today, and only its rows that were rejected can change.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from pyspark.sql import SparkSession

from nextloop.errors import UsageFault
from nextloop.jobs.ingest import IngestReport, ingest
from nextloop.jobs.ledger import Retry
from nextloop.jobs.progress import Progress
from nextloop.jobs.settling import known_files
from nextloop.settings import Settings
from nextloop.storage.lake import open_lake
from nextloop.storage.landing import is_order_file, list_landing


def retry(
    settings: Settings,
    names: Sequence[str] = (),
    spark: SparkSession | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Take in corrected files, and read rejected rows again.

    Args:
        settings: Where landing and lake are, how rows are read today.
        names: The files that are meant, as the landing and the lake name them; all if none.
        spark: An open session to use; one of `settings.spark` is opened if None.
        progress: Told what is done.

    Returns:
        What was done.

    Raises:
        UsageFault: Neither the lake nor the landing knows a file of that name.
        NextLoopError: As `ingest`.
    """
    lake = open_lake(settings.lake)
    if names:
        known = {row["file_name"] for row in known_files(lake)}
        known |= {file.name for file in list_landing(settings.landing)}
        for name in names:
            _check(name, known)
    return ingest(settings, spark, progress, Retry(frozenset(names)))


def _check(name: str, known: set[str]) -> None:
    if name in known and not is_order_file(name):
        raise UsageFault(
            f"{name} is a file of events, and those are not read again.",
            "A corrected file of events is taken in as a new one: nextloop events ingest",
        )
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else "See them: nextloop rejects list"
    raise UsageFault(f"Neither the lake nor the landing has a file {name}.", hint)
