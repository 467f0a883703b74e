"""Runs a command of ours until a named point: `stopped_at.py POINT ACTION ARGS...`.

In: a point of `POINTS`, `kill` (this process dies as by `kill -9`) or `wait` (until a line comes
on standard input). Out: what the command does; on waiting, a line on standard output.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
from typing import Any

_JOB, _CONVERSION = "nextloop.jobs.ingest.job", "nextloop.jobs.ingest.conversion"
_FEATURES, _DELTA = "nextloop.jobs.features", "nextloop.storage.delta"

INGEST: dict[str, tuple[str, str, int]] = {
    # point: after the how manieth call of which function, as which module knows it
    "landing_listed": (_JOB, "list_landing", 1),
    "lake_opened": (_JOB, "create_lake", 1),
    "tables_settled": ("nextloop.jobs.settling", "settle", 1),
    "run_planned": ("nextloop.jobs.ledger", "plan", 1),
    "rows_staged": (_JOB, "validate", 1),
    "orders_settled": (_JOB, "settle", 1),
    "week_settled": ("nextloop.orders.weeks", "newest_lines", 1),
    "weeks_written": (_CONVERSION, "write_weeks", 1),
    "orders_published": (_DELTA, "publish", 1),
    "lines_published": (_DELTA, "publish", 2),
    "rejects_published": (_DELTA, "publish", 3),
    "ledger_written": ("nextloop.jobs.ledger", "write_slice", 1),
    "ledger_published": (_DELTA, "publish", 4),
}
FEATURES: dict[str, tuple[str, str, int]] = {
    "lake_opened": (_FEATURES, "open_lake", 1),
    "interactions_written": (_FEATURES, "write_slices", 1),
    "items_written": (_FEATURES, "write_slices", 2),
    "all_written": (_FEATURES, "write_slices", 5),
    "first_published": (_DELTA, "publish", 1),
    "second_published": (_DELTA, "publish", 2),
    "third_published": (_DELTA, "publish", 3),
    "fourth_published": (_DELTA, "publish", 4),
    "interactions_published": (_DELTA, "publish", 5),
}
REWINDING: dict[str, tuple[str, str, int]] = {
    "first_rewound": (_DELTA, "rewind", 1),
    "second_rewound": (_DELTA, "rewind", 2),
}
_EVENTS = "nextloop.jobs.event_intake"
EVENTS: dict[str, tuple[str, str, int]] = {
    "landing_listed": (_EVENTS, "list_events", 1),
    "file_read": (_EVENTS, "judge", 1),
    "days_written": (_EVENTS, "write_slice", 2),
    "events_published": (_DELTA, "publish", 1),
    "rejects_published": (_DELTA, "publish", 2),
    "ledger_published": (_DELTA, "publish", 3),
}
POINTS = {
    "ingest": INGEST | REWINDING,
    "features": FEATURES,
    "rejects": INGEST,
    "events": EVENTS,
}


def stop(action: str) -> None:
    """Die at once, or wait to be told to go on."""
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdout.write("stopped\n")
    sys.stdout.flush()
    sys.stdin.readline()


def arm(point: tuple[str, str, int], action: str) -> None:
    """Let the function stop the process after its n-th call."""
    place, name, which = point
    module, _, owner = place.partition(":")
    home = importlib.import_module(module)
    home = getattr(home, owner) if owner else home
    real, calls = getattr(home, name), [0]

    @functools.wraps(real)
    def watched(*args: Any, **kwargs: Any) -> Any:
        found = real(*args, **kwargs)
        calls[0] += 1
        if calls[0] == which:
            stop(action)
        return found

    setattr(home, name, watched)


if __name__ == "__main__":
    arm(POINTS[sys.argv[3]][sys.argv[1]], sys.argv[2])
    from nextloop.cli import app

    sys.argv[1:] = sys.argv[3:]
    app.main()
