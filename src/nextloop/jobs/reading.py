"""What the settings say about reading order files, for ingest and for the contract's check.

Apart from the ingest job, because that one needs an engine.
"""

from __future__ import annotations

from nextloop.orders.rows import Rules
from nextloop.settings import Settings


def rules_of(settings: Settings, key: bytes) -> Rules:
    """Return what the reading of rows needs of the settings."""
    orders = settings.orders
    return Rules(
        timezone=orders.timezone,
        hotel_timezones=dict(orders.hotel_timezones),
        states={word.upper(): state for word, state in orders.status_map.items()},
        max_row_bytes=orders.max_row_bytes,
        max_file_bytes=orders.max_file_bytes,
        key=key,
    )
