"""What became of each landing file and each rejected row."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from nextloop.tables.table import UTC_TIME, Column, Table

LANDING_FILES: Final = Table(
    name="landing_files",
    grain="one row a landing file's content that was taken in, or was refused by the settings then",
    key=("file_sha256", "outcome"),
    slice_by="run_id",
    columns=(
        Column("file_name", pa.string(), "Name in the landing.", nullable=False),
        Column("file_revision", pa.int32(), "1, or more when it came again.", nullable=False),
        Column("file_sha256", pa.string(), "SHA-256 of its bytes.", nullable=False),
        Column(
            "file_mark",
            pa.string(),
            "What the store says of that content: its generation, or its last change.",
        ),
        Column("file_bytes", pa.int64(), "Its size.", nullable=False),
        Column("outcome", pa.string(), "ingested or refused.", nullable=False),
        Column("reason", pa.string(), "Why it was refused."),
        Column(
            "rows_in",
            pa.int64(),
            "Data rows, or events, in the file.",
            nullable=False,
        ),
        Column(
            "accepted",
            pa.int64(),
            "Rows that became the order's state; events that came for the first time.",
            nullable=False,
        ),
        Column("rejected", pa.int64(), "Rows in rejected_rows.", nullable=False),
        Column(
            "superseded",
            pa.int64(),
            "Rows older than what is known; events that came before.",
            nullable=False,
        ),
        Column(
            "replaced", pa.int64(), "Accepted rows that renewed a stored order.", nullable=False
        ),
        Column("first_reg_at", UTC_TIME, "Earliest order in it."),
        Column("last_reg_at", UTC_TIME, "Latest order in it."),
        Column("run_id", pa.string(), "The run that took it in.", nullable=False),
        Column("orders_version", pa.int64(), "Version of orders after it.", nullable=False),
        Column("order_lines_version", pa.int64(), "Version of order_lines after.", nullable=False),
        Column("rejected_rows_version", pa.int64(), "Of rejected_rows after.", nullable=False),
        Column("recorded_at", UTC_TIME, "When the run recorded it.", nullable=False),
    ),
)

REJECTED_ROWS: Final = Table(
    name="rejected_rows",
    grain="one row a landing row that broke the contract",
    key=("file_name", "file_revision", "line_number"),
    slice_by="file_sha256",
    columns=(
        Column("file_name", pa.string(), "Name in the landing.", nullable=False),
        Column("file_revision", pa.int32(), "1, or more when it came again.", nullable=False),
        Column("file_sha256", pa.string(), "SHA-256 of the file.", nullable=False),
        Column("line_number", pa.int64(), "First line of the row; 1 = header.", nullable=False),
        Column("hotel_seq", pa.int64(), "The hotel that the row names, where it can be read."),
        Column("order_seq", pa.int64(), "The order that it names, likewise."),
        Column("reason", pa.string(), "Reason code, see docs/tables.md.", nullable=False),
        Column("column", pa.string(), "The column at fault, when one is."),
        Column("value", pa.string(), "The value at fault, shortened, never a name."),
        Column("raw", pa.string(), "The row with guest and room masked.", nullable=False),
    ),
)
