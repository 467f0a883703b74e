"""As-of dates follow from a run's own date."""

from __future__ import annotations

import datetime as dt

import pytest

from nextloop_orchestration import weeks


@pytest.mark.parametrize(
    ("run_at", "as_of"),
    [
        ("2026-11-17T04:00:00+09:00", "2026-11-15"),  # the Tuesday's run
        ("2026-11-16T19:00:00+00:00", "2026-11-15"),  # the same moment, as Airflow gives it
        ("2026-11-16T00:00:00+09:00", "2026-11-15"),  # Monday: the week that has just ended
        ("2026-11-15T23:59:59+09:00", "2026-11-08"),  # Sunday is not over
        ("2026-11-15T15:00:00+00:00", "2026-11-15"),  # Monday in Seoul, Sunday in UTC
        ("2026-11-21T12:00:00+09:00", "2026-11-15"),  # by hand on a Saturday
        ("2027-01-01T04:00:00+09:00", "2026-12-27"),  # over the year's end
    ],
)
def test_as_of_is_the_last_whole_weeks_sunday_in_seoul(run_at, as_of):
    """A run is for the week that ended before it, by Seoul's calendar."""
    assert weeks.as_of(dt.datetime.fromisoformat(run_at)).isoformat() == as_of
