"""What `nextloop events report` tells: what became of the lists that were shown; reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from nextloop.errors import DataFault, UsageFault
from nextloop.events.lists import results
from nextloop.events.reader import lists_of
from nextloop.settings import Settings
from nextloop.storage import delta
from nextloop.storage.lake import Lake, open_lake
from nextloop.tables import EVENTS

_RECENT: Final = dt.timedelta(days=28)
GROUPS: Final = {"hotel": "hotel_seq", "model": "model_version", "slot": "slot", "day": "day"}


def report(
    settings: Settings,
    by: Sequence[str],
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> dict[str, Any]:
    """Add up what became of the lists.

    Args:
        settings: Where the lake is, the hotels' time zones.
        by: What to tell apart, of `GROUPS`.
        since: First day on which a list was shown, by its hotel's clock; all if None.
        until: Last such day; all if None.

    Returns:
        `rows`: one a group; `total`: the same over all of them; `version`: of `events`.

    Raises:
        UsageFault: `by` names something else.
        DataFault: There are no events yet.
    """
    unknown = [name for name in by if name not in GROUPS]
    if unknown:
        raise UsageFault(
            f"--by {unknown[0]} is nothing that lists differ in.", f"Use: {', '.join(GROUPS)}."
        )
    lake = open_lake(settings.lake)
    version = delta.version(lake, EVENTS)
    if version == delta.NO_VERSION:
        raise DataFault(
            f"The lake {lake.root} has no events yet.",
            "Bring them from the API, then take them in: nextloop events ship, "
            "nextloop events ingest",
        )
    found = _between(lists_of(lake, settings.orders, version), since, until)
    return {
        "rows": results(found, [GROUPS[name] for name in by]),
        "total": results(found, [])[0],
        "version": version,
    }


def recent(settings: Settings, lake: Lake) -> list[dict[str, Any]]:
    """Add up what became of the lists of the last 28 days.

    Args:
        settings: The hotels' time zones.
        lake: The lake.

    Returns:
        One row a model version; none if there are no events yet.
    """
    version = delta.version(lake, EVENTS)
    if version == delta.NO_VERSION:
        return []
    since = dt.datetime.now(dt.UTC).date() - _RECENT
    found = _between(lists_of(lake, settings.orders, version), since, None)
    return results(found, [GROUPS["model"]])


def _between(found: pa.Table, since: dt.date | None, until: dt.date | None) -> pa.Table:
    if since is not None:
        found = found.filter(pc.greater_equal(found["day"], pa.scalar(since)))
    if until is not None:
        found = found.filter(pc.less_equal(found["day"], pa.scalar(until)))
    return found
