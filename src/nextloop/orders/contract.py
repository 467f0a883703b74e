"""The order file's contract, version 1: its columns and the items of `contents`.

Source: the hotels' export. `reasons` says what a row can be rejected for, `refusals` what a file.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

INTEGERS: Final = (
    "order_seq",
    "hotel_seq",
    "room_seq",
    "customer_seq",
    "order_price",
    "room_building_seq",
    "room_floor_seq",
    "visitor_cnt",
    "visit_adult_cnt",
    "visit_child_cnt",
    "visit_baby_cnt",
)
TIMES: Final = (
    "reg_date",
    "check_date",
    "refuse_date",
    "complete_date",
    "check_in",
    "check_out",
    "check_out_expected",
)
WORDS: Final = ("status", "contents")
PRIVATE: Final = ("room_name", "customer_name")
"""Dropped while parsing, masked in rejected rows; `customer_seq` is masked there too."""
REQUIRED: Final = ("order_seq", "hotel_seq", "status", "contents", "reg_date")
COUNTS: Final = tuple(name for name in INTEGERS if name.endswith("_cnt"))

LINE: Final = pa.struct(
    [
        ("orderType", pa.string()),
        ("itemSeq", pa.int64()),
        ("count", pa.int64()),
        ("itemName", pa.string()),
        ("departmentSeq", pa.int64()),
        ("price", pa.int64()),
        ("waitingPeriod", pa.float64()),
        ("delayPeriod", pa.float64()),
        ("freeCount", pa.int64()),
        ("couponSeq", pa.int64()),
        ("resultPrice", pa.int64()),
        ("completePeriod", pa.float64()),
    ]
)
"""One item of `contents`, with the source's own names."""
