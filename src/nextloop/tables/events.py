"""What callers of the API told of offers: shown, added, ordered, refused."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from nextloop.tables.table import UTC_TIME, Column, Table

EVENTS: Final = Table(
    name="events",
    grain="one row an event that a caller of the API told, whatever how often it was sent",
    key=("hotel_seq", "event_id"),
    # By our clock, not the callers': one wrong clock of theirs would make a file a day of its own.
    slice_by="received_date",
    columns=(
        Column("hotel_seq", pa.int64(), "The hotel.", nullable=False),
        Column("event_id", pa.string(), "The caller's own id of the event.", nullable=False),
        Column("request_id", pa.string(), "The answer that offered the item.", nullable=False),
        Column("item_seq", pa.int64(), "The item in its hotel's menu.", nullable=False),
        Column("kind", pa.string(), "shown, added, ordered or refused.", nullable=False),
        Column("at", UTC_TIME, "When it happened, by the caller's clock.", nullable=False),
        Column("received_at", UTC_TIME, "When the API took it in.", nullable=False),
        Column("received_date", pa.date32(), "The UTC day of that.", nullable=False),
        Column("rank", pa.int32(), "The item's rank in the answer."),
        Column("quantity", pa.int32(), "How many were ordered."),
        Column("revenue", pa.int64(), "What was paid for them, in the hotel's money."),
        Column("model_version", pa.int64(), "The model version that the answer named."),
        Column("slot", pa.string(), "The slot that the answer named."),
        Column("file_name", pa.string(), "Landing file the event came from.", nullable=False),
        Column("file_sha256", pa.string(), "SHA-256 of that file.", nullable=False),
        Column("line_number", pa.int64(), "Its line in that file, from 1.", nullable=False),
    ),
)
