"""The order file's columns, version 1: what hotels send, and what the simulator writes."""

from __future__ import annotations

from typing import Final

COLUMNS: Final = (
    "order_seq",
    "hotel_seq",
    "room_seq",
    "customer_seq",
    "order_price",
    "status",
    "contents",
    "reg_date",
    "check_date",
    "refuse_date",
    "complete_date",
    "room_building_seq",
    "room_floor_seq",
    "room_name",
    "customer_name",
    "visitor_cnt",
    "visit_adult_cnt",
    "visit_child_cnt",
    "visit_baby_cnt",
    "check_in",
    "check_out",
    "check_out_expected",
)
NULLS: Final = ("\\N", "")
