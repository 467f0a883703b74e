"""Every stored table, described once: see `table.Table` for what a description holds."""

from __future__ import annotations

from typing import Final

from nextloop.tables.events import EVENTS
from nextloop.tables.features import (
    FEATURE_TABLES,
    GUEST_FEATURES,
    HOTEL_DEMAND,
    INTERACTIONS,
    ITEM_FEATURES,
    ITEM_PAIRS,
)
from nextloop.tables.landing import LANDING_FILES, REJECTED_ROWS
from nextloop.tables.orders import ORDER_LINES, ORDERS
from nextloop.tables.promotions import PROMOTIONS
from nextloop.tables.table import UTC_TIME, Column, Table

TABLES: Final = {
    table.name: table
    for table in (
        ORDERS,
        ORDER_LINES,
        REJECTED_ROWS,
        LANDING_FILES,
        *FEATURE_TABLES,
        PROMOTIONS,
        EVENTS,
    )
}

__all__ = [
    "EVENTS",
    "FEATURE_TABLES",
    "GUEST_FEATURES",
    "HOTEL_DEMAND",
    "INTERACTIONS",
    "ITEM_FEATURES",
    "ITEM_PAIRS",
    "LANDING_FILES",
    "ORDERS",
    "ORDER_LINES",
    "PROMOTIONS",
    "REJECTED_ROWS",
    "TABLES",
    "UTC_TIME",
    "Column",
    "Table",
]
