"""How new the lake's orders are.

In: a lake and a version of its orders. Out: moments, read from the newest week alone.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from nextloop.storage import delta
from nextloop.storage.lake import Lake
from nextloop.tables import ORDERS


def newest_orders(lake: Lake, version: int) -> list[dict[str, Any]]:
    """Return hotel and instant of the orders of the newest week, none if there are no orders."""
    adds = delta.slices(lake, ORDERS, version)
    if not adds:
        return []
    newest: dt.date = max(add["min.order_week"] for add in adds)
    rows: list[dict[str, Any]] = delta.read(
        lake, ORDERS, version, [("order_week", "=", newest)], ["hotel_seq", "reg_at"]
    ).to_pylist()
    return rows


def newest_order(lake: Lake, version: int) -> dt.datetime | None:
    """Return the instant of the newest order, None if there are none."""
    return max((row["reg_at"] for row in newest_orders(lake, version)), default=None)
