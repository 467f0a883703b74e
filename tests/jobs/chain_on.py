"""Chains of jobs on an engine, in a process of their own: Apache Spark wants one to itself.

    python -m tests.jobs.chain_on ENGINE SOURCE PLACE...

SOURCE holds `landing` and `later`; every PLACE, a folder or a bucket's prefix, gets a landing and
a lake. All chains share one session, and with it the minute that a JVM takes to get going.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Final

from pyspark.sql import SparkSession
from tests.order_files import KEY

from nextloop import settings
from nextloop.jobs.features import features
from nextloop.jobs.ingest import ingest
from nextloop.jobs.sessions import session_for
from nextloop.settings import Settings
from nextloop.storage.files import open_output
from nextloop.telemetry import logs

AS_OF: Final = dt.date(2017, 12, 20)
ZONES: Final = {2: "America/New_York"}


def chains_on(engine: str, source: Path, *places: str) -> None:
    """Take in SOURCE/landing, then SOURCE/later as well, and make features, at every place."""
    found = [_settings(engine, place) for place in places]
    # A bucket comes last: its session reaches folders as well.
    with session_for(found[-1], None) as session:
        for each in found:
            _chain(each, source, session)


def _settings(engine: str, place: str) -> Settings:
    return settings.load(
        {
            "landing": f"{place}/landing",
            "lake": f"{place}/lake",
            "spark": engine,
            "privacy.guest_key": KEY,
            "orders.hotel_timezones": ZONES,
        }
    )


def _chain(found: Settings, source: Path, session: SparkSession) -> None:
    for folder in ("landing", "later"):
        for file in sorted((source / folder).iterdir()):
            with open_output(f"{found.landing}/{file.name}") as sink:
                sink.write(file.read_bytes())
        ingest(found, session)
    features(found, AS_OF, session)


if __name__ == "__main__":
    logs.configure("error")
    chains_on(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
