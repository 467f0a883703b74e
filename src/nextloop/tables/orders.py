"""Orders, one row each, in the hotels' own words."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from nextloop.tables.table import UTC_TIME, Column, Table

ORDERS: Final = Table(
    name="orders",
    grain="one row an order, in its newest known state",
    key=("hotel_seq", "order_seq"),
    slice_by="order_week",
    columns=(
        Column("hotel_seq", pa.int64(), "The hotel.", nullable=False),
        Column("order_seq", pa.int64(), "The order's number in its hotel.", nullable=False),
        Column(
            "order_week",
            pa.date32(),
            "Monday of the week in which it was ordered, by the hotel's clock.",
            nullable=False,
        ),
        Column("room_seq", pa.int64(), "The room; its name is dropped while parsing."),
        Column("room_building_seq", pa.int64(), "The room's building."),
        Column("room_floor_seq", pa.int64(), "The room's floor."),
        Column("guest_key", pa.string(), "Keyed hash of hotel and customer; null if anonymous."),
        Column("status", pa.string(), "The source's word, unchanged.", nullable=False),
        Column("state", pa.string(), "complete, refused, cancelled or open.", nullable=False),
        Column("order_price", pa.int64(), "The order's price as sent, in the source's money."),
        Column("lines_price", pa.int64(), "Sum of its lines' result prices.", nullable=False),
        Column("line_count", pa.int32(), "Number of its lines.", nullable=False),
        Column("reg_at", UTC_TIME, "Ordered.", nullable=False),
        Column("check_at", UTC_TIME, "Acknowledged by staff."),
        Column("refuse_at", UTC_TIME, "Refused."),
        Column("complete_at", UTC_TIME, "Completed; missing stays missing."),
        Column("visitor_cnt", pa.int32(), "Visitors as sent; 0 and null both occur."),
        Column("visit_adult_cnt", pa.int32(), "Adults."),
        Column("visit_child_cnt", pa.int32(), "Children."),
        Column("visit_baby_cnt", pa.int32(), "Babies."),
        Column("check_in_at", UTC_TIME, "The stay's check-in."),
        Column("check_out_at", UTC_TIME, "The stay's check-out; null while in house."),
        Column("check_out_expected_at", UTC_TIME, "The stay's expected check-out."),
        Column("flags", pa.list_(pa.string()), "Oddities that were kept.", nullable=False),
        Column("state_at", UTC_TIME, "Newest of the order's own times.", nullable=False),
        Column("file_name", pa.string(), "Landing file the row came from.", nullable=False),
        Column("file_revision", pa.int32(), "1, or more when it came again.", nullable=False),
        Column("line_number", pa.int64(), "The row's first line in that file.", nullable=False),
    ),
)

ORDER_LINES: Final = Table(
    name="order_lines",
    grain="one row an item of an order",
    key=("hotel_seq", "order_seq", "line"),
    slice_by="order_week",
    columns=(
        Column("hotel_seq", pa.int64(), "The hotel.", nullable=False),
        Column("order_seq", pa.int64(), "The order.", nullable=False),
        Column("line", pa.int32(), "Position in the order, from 0.", nullable=False),
        Column("order_week", pa.date32(), "The order's week.", nullable=False),
        Column("order_type", pa.string(), "The source's word, e.g. ITEM."),
        Column("item_seq", pa.int64(), "The item in its hotel's menu.", nullable=False),
        Column("item_name", pa.string(), "The item's name as sent."),
        Column("department_seq", pa.int64(), "The department that serves it."),
        Column("item_count", pa.int32(), "How many.", nullable=False),
        Column("free_count", pa.int32(), "How many of them free."),
        Column("price", pa.int64(), "Price of one; 0 for a request."),
        Column("result_price", pa.int64(), "What the line cost after coupon and free ones."),
        Column("coupon_seq", pa.int64(), "The coupon, if one was used."),
        Column("waiting_period", pa.float64(), "Promised wait as sent, in settings' unit."),
        Column("delay_period", pa.float64(), "Delay as sent, in settings' unit."),
        Column("complete_period", pa.float64(), "Time taken as sent, in settings' unit."),
    ),
)
