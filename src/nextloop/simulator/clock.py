"""The hotels' clock: local times as whole seconds since 1970-01-01 00:00 by the same clock.

Weekdays, weekends and hours follow from it without a time zone; all hotels keep Korean time.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from nextloop.simulator.columns import Ints

MINUTE = 60
HOUR = 3_600
DAY = 86_400
WEEK = 7 * DAY
SATURDAY = 5
EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday; Monday is 0."""


def seconds(day: date) -> int:
    """Return a day's midnight.

    Args:
        day: The day, by the hotels' calendar.

    Returns:
        Seconds since 1970.
    """
    return (day - date(1970, 1, 1)).days * DAY


def weekend(at: Ints) -> Ints:
    """Tell Saturdays and Sundays.

    Args:
        at: Moments, seconds since 1970.

    Returns:
        1 on a Saturday or Sunday, else 0; same shape.
    """
    return ((at // DAY + EPOCH_WEEKDAY) % 7 >= SATURDAY).astype(np.int64)
