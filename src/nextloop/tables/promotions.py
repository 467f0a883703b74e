"""Which model version was staged, promoted, archived or rolled back, when, by whom and why."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from nextloop.tables.table import UTC_TIME, Column, Table

PROMOTIONS: Final = Table(
    name="promotions",
    grain="one row a change of one model version's state; rows are only ever added",
    key=("sequence",),
    slice_by="sequence",
    columns=(
        Column("sequence", pa.int64(), "1, 2, 3, ... without a gap.", nullable=False),
        Column("at", UTC_TIME, "When it was decided.", nullable=False),
        Column(
            "action", pa.string(), "stage, unstage, promote, archive or rollback.", nullable=False
        ),
        Column("hotel_group", pa.string(), "Hotels it holds for; all.", nullable=False),
        Column("version", pa.int64(), "The model version whose state it changed.", nullable=False),
        Column("previous_version", pa.int64(), "In production until then, when that changed."),
        Column("model", pa.string(), "Kind of model.", nullable=False),
        Column("digest", pa.string(), "SHA-256 of its files' manifest.", nullable=False),
        Column("place", pa.string(), "Its files, relative to the models' folder.", nullable=False),
        Column("created_at", UTC_TIME, "When the version was registered.", nullable=False),
        Column("as_of_date", pa.date32(), "Last day it learned from.", nullable=False),
        Column("metrics", pa.string(), "On its holdout, JSON.", nullable=False),
        Column("by", pa.string(), "System user who decided.", nullable=False),
        Column("reason", pa.string(), "Why, in their words.", nullable=False),
    ),
)
