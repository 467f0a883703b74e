"""A chain of jobs on an engine, in a process of its own: python -m tests.jobs.chain_on ENGINE ROOT.

Apache Spark wants a process that never spoke Spark Connect, and ends with it.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Final

from tests.order_files import KEY

from nextloop import settings, spark
from nextloop.jobs.features import features
from nextloop.jobs.ingest import ingest

AS_OF: Final = dt.date(2017, 12, 20)
ZONES: Final = {2: "America/New_York"}


def chain_on(engine: str, root: Path) -> None:
    """Take in ROOT/landing, then with the files of ROOT/later, and make features."""
    found = settings.load(
        {
            "landing": str(root / "landing"),
            "lake": str(root / "lake"),
            "spark": engine,
            "privacy.guest_key": KEY,
            "orders.hotel_timezones": ZONES,
        }
    )
    with spark.session(engine) as session:
        ingest(found, session)
        for file in sorted((root / "later").iterdir()):
            file.rename(root / "landing" / file.name)
        ingest(found, session)
        features(found, AS_OF, session)


if __name__ == "__main__":
    chain_on(sys.argv[1], Path(sys.argv[2]))
