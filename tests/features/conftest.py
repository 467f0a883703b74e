"""One hotel, two guests and a room without one: few enough orders to count by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from tests.lakes import Chain, chain
from tests.order_files import KEY, contents, item, row

from nextloop.features.reader import read_arrow
from nextloop.privacy import guest_key
from nextloop.tables import Table

__all__ = ["chain"]

AS_OF = "2017-12-25"
KIM, LEE = (guest_key(KEY.encode(), 10, number) for number in (1, 2))


def beer(**changes: Any) -> dict[str, Any]:
    """One beer, 5,000 won, from the kitchen (department 3)."""
    usual = {"itemSeq": 7, "itemName": "맥주", "count": 1, "price": 5000, "resultPrice": 5000}
    return item(**{**usual, **changes})


def breakfast(**changes: Any) -> dict[str, Any]:
    """One breakfast, 15,000 won, from the kitchen."""
    usual = {"itemSeq": 8, "itemName": "조식", "count": 1, "price": 15000, "resultPrice": 15000}
    return item(**{**usual, **changes})


def towel(**changes: Any) -> dict[str, Any]:
    """One towel from housekeeping (department 4), which costs nothing."""
    usual = {"itemSeq": 9, "itemName": "수건", "count": 1, "price": 0, "resultPrice": 0}
    return item(**{**usual, "departmentSeq": 4, **changes})


def order(
    number: int, at: str, *items: dict[str, Any], done: str = "", **changes: str
) -> dict[str, str]:
    """An order at a local time, completed at another."""
    times = {"reg_date": f"{at}:00", "check_date": "", "complete_date": done and f"{done}:00"}
    stay = {"check_in": "", "check_out": "", "check_out_expected": "", "customer_seq": ""}
    return row(number, contents=contents(*items), **{**times, **stay, **changes})


KIMS = {
    "customer_seq": "1",
    "check_in": "2017-12-16 15:00:00",
    "check_out": "2017-12-18 12:00:00",
    "check_out_expected": "2017-12-18 11:00:00",
    "visit_child_cnt": "1",
}
LEES_FIRST = {
    "customer_seq": "2",
    "check_in": "2017-11-26 15:00:00",
    "check_out": "2017-11-28 11:00:00",
    "check_out_expected": "2017-11-30 11:00:00",
    "visit_adult_cnt": "1",
}
LEES_SECOND = {
    "customer_seq": "2",
    "check_in": "2017-12-20 16:00:00",
    "check_out_expected": "2017-12-22 11:00:00",
    "visit_adult_cnt": "1",
    "visit_child_cnt": "",
}
ROOM = {"room_seq": "502", "check_in": "2017-12-24 15:00:00"}
ORDERS_IN = [
    # Exactly 28 days before the as-of date, so no recent one.
    order(8, "2017-11-27 12:00", beer(), done="2017-11-27 12:05", **LEES_FIRST),
    # A Sunday, half an hour before midnight.
    order(
        1,
        "2017-12-17 23:30",
        beer(count=2, resultPrice=10000),
        towel(),
        done="2017-12-17 23:50",
        **KIMS,
    ),
    # The same item in two lines of one order.
    order(
        2,
        "2017-12-18 08:10",
        breakfast(count=2, resultPrice=30000),
        beer(couponSeq=99, resultPrice=4000),
        beer(),
        done="2017-12-18 08:40",
        **KIMS,
    ),
    order(3, "2017-12-20 19:00", beer(), done="2017-12-20 19:10", **LEES_SECOND),
    order(
        4,
        "2017-12-20 19:30",
        beer(),
        beer(),
        status="REFUSE",
        refuse_date="2017-12-20 19:31:00",
        **LEES_SECOND,
    ),
    # No guest, no completion time, no result price; Sunday still in UTC.
    order(5, "2017-12-25 00:30", breakfast(resultPrice=None), **ROOM),
    # Completed only after the as-of date has ended.
    order(6, "2017-12-25 22:00", beer(), done="2017-12-26 00:10"),
    # Ordered after it has ended.
    order(7, "2017-12-26 00:00", beer(count=5), done="2017-12-26 00:20", **LEES_SECOND),
]


@pytest.fixture(scope="session")
def hotel(tmp_path_factory, sail) -> Chain:
    """The orders taken in and their features made; not to be changed."""
    made = Chain(tmp_path_factory.mktemp("hotel"), sail)
    made.take_in(ORDERS_IN)
    made.features(AS_OF)
    return made


def found(chain: Chain, table: Table, as_of: str = AS_OF) -> list[dict[str, Any]]:
    """A feature table's rows in the order of its key, less as_of and hotel."""
    rows: list[dict[str, Any]] = read_arrow(
        chain.lake, table, dt.date.fromisoformat(as_of)
    ).to_pylist()
    assert {str(each.pop("as_of")) for each in rows} <= {as_of}
    assert {each.pop("hotel") for each in rows} <= {10}
    return rows
