"""When the weekly batch runs and for which days: every date follows from the run's own.

Comes in: the moment that a run is for. Goes out: its as-of date, the same whenever it is run again.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

TIMEZONE = "Asia/Seoul"
SCHEDULE = "0 4 * * 2"
"""Tuesdays at four: the hotels send the week that ended on Sunday in the course of Monday."""


def as_of(run_at: dt.datetime) -> dt.date:
    """Return the last day of the last whole week (Monday to Sunday) before a run's local date.

    Args:
        run_at: The end of the run's data interval, or when it was to run; aware.

    Returns:
        A Sunday in Asia/Seoul: two days before a Tuesday's run.
    """
    day = run_at.astimezone(ZoneInfo(TIMEZONE)).date()
    return day - dt.timedelta(days=day.isoweekday())
