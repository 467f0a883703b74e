"""The five feature tables of a hotel whose orders can be counted by hand."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.features.conftest import KIM, LEE, found

from nextloop.tables import (
    GUEST_FEATURES,
    HOTEL_DEMAND,
    INTERACTIONS,
    ITEM_FEATURES,
    ITEM_PAIRS,
)

SEOUL = dt.timezone(dt.timedelta(hours=9))
DATE = dt.date.fromisoformat


def at(local: str) -> dt.datetime:
    """The instant of a time in Seoul."""
    return dt.datetime.fromisoformat(local).replace(tzinfo=SEOUL)


def test_interactions(hotel):
    """One row an item of a completed, paid order; its two lines of beer are one row."""
    names = (
        *("order_seq", "item", "guest", "stay", "ordered_at", "local_date", "hour", "weekday"),
        *("stay_day", "nights", "adults", "children", "babies"),
        *("quantity", "price", "revenue", "department", "coupon"),
    )
    kims, lees, lees_first = f"10:{KIM}:2017-12-16", f"10:{LEE}:2017-12-20", f"10:{LEE}:2017-11-26"
    sunday, monday = (
        ("2017-12-17 23:30", "2017-12-17", 23, 6),
        ("2017-12-18 08:10", "2017-12-18", 8, 0),
    )
    wednesday, night = (
        ("2017-12-20 19:00", "2017-12-20", 19, 2),
        ("2017-12-25 00:30", "2017-12-25", 0, 0),
    )
    november = ("2017-11-27 12:00", "2017-11-27", 12, 0)
    expected = [
        (1, 7, KIM, kims, *sunday, 1, 2, 2, 1, 0, 2, 5000, 10000, 3, False),
        (2, 7, KIM, kims, *monday, 2, 2, 2, 1, 0, 2, 5000, 9000, 3, True),
        (2, 8, KIM, kims, *monday, 2, 2, 2, 1, 0, 2, 15000, 30000, 3, False),
        (3, 7, LEE, lees, *wednesday, 0, 2, 1, None, 0, 1, 5000, 5000, 3, False),
        (5, 8, None, "10:room-502:2017-12-24", *night, 1, None, 2, 0, 0, 1, 15000, 15000, 3, False),
        (8, 7, LEE, lees_first, *november, 1, 2, 1, 0, 0, 1, 5000, 5000, 3, False),
    ]
    assert found(hotel, INTERACTIONS) == [
        {
            **dict(zip(names, row, strict=True)),
            "ordered_at": at(row[4]),
            "local_date": DATE(row[5]),
        }
        for row in expected
    ]


def test_item_features(hotel):
    """All items, towels too; ratios and waits are of orders, however many lines an order has."""
    names = (
        *("item", "item_name", "department", "price", "order_count", "guest_count", "quantity"),
        *("revenue", "order_count_28d", "coupon_ratio", "refused_ratio"),
        *("first_ordered_at", "last_ordered_at", "wait_minutes_median"),
    )
    first, last = "2017-11-27 12:00", "2017-12-25 22:00"
    expected = [
        # Of beer's orders 8, 1, 2, 3, 4 and 6 the fourth was refused, the sixth is open;
        # 1 of 5 completed lines had a coupon; waits are 5, 10, 20 and 30 minutes.
        (7, "맥주", 3, 5000, 4, 2, 6, 29000, 3, 0.2, 1 / 6, first, last, 15.0),
        (
            8,
            "조식",
            3,
            15000,
            2,
            1,
            3,
            45000,
            2,
            0.0,
            0.0,
            "2017-12-18 08:10",
            "2017-12-25 00:30",
            30.0,
        ),
        (9, "수건", 4, 0, 1, 1, 1, 0, 1, 0.0, 0.0, "2017-12-17 23:30", "2017-12-17 23:30", 20.0),
    ]
    assert found(hotel, ITEM_FEATURES) == [
        {
            **dict(zip(names, row, strict=True)),
            "first_ordered_at": at(row[11]),
            "last_ordered_at": at(row[12]),
        }
        for row in expected
    ]


def test_guest_features(hotel):
    """Known guests only; a tie of hours goes to the earlier, an unknown party is left out."""
    names = (
        *("guest", "order_count", "stay_count", "item_count", "distinct_items", "revenue"),
        *("first_ordered_at", "last_ordered_at", "days_since_last", "usual_hour"),
        *("mean_order_price", "party_mean"),
    )
    kim = (KIM, 2, 1, 6, 2, 49000, "2017-12-17 23:30", "2017-12-18 08:10", 7, 8, 24500.0, 3.0)
    lee = (LEE, 2, 2, 2, 1, 10000, "2017-11-27 12:00", "2017-12-20 19:00", 5, 12, 5000.0, 1.0)
    assert found(hotel, GUEST_FEATURES) == [
        {
            **dict(zip(names, row, strict=True)),
            "first_ordered_at": at(row[6]),
            "last_ordered_at": at(row[7]),
        }
        for row in sorted((kim, lee))
    ]


def test_item_pairs(hotel):
    """Of four stays three had beer, two breakfast, one both; both directions are there."""
    assert found(hotel, ITEM_PAIRS) == [
        {
            "item": one,
            "other_item": other,
            "stays_both": 1,
            "stays_item": stays_one,
            "stays_other": stays_other,
            "confidence": pytest.approx(1 / stays_one),
            "lift": pytest.approx(2 / 3),
        }
        for one, other, stays_one, stays_other in [(7, 8, 3, 2), (8, 7, 2, 3)]
    ]


def test_hotel_demand(hotel):
    """Orders of every state by department and hour of the hotel; lines never inflate orders."""
    names = (
        *("department", "local_date", "hour", "order_count", "complete_count", "refused_count"),
        *("open_count", "line_count", "quantity", "revenue", "wait_minutes_median"),
    )
    expected = [
        (3, "2017-11-27", 12, 1, 1, 0, 0, 1, 1, 5000, 5.0),
        (3, "2017-12-17", 23, 1, 1, 0, 0, 1, 2, 10000, 20.0),
        (3, "2017-12-18", 8, 1, 1, 0, 0, 3, 4, 39000, 30.0),
        (3, "2017-12-20", 19, 2, 1, 1, 0, 3, 3, 5000, 10.0),
        (3, "2017-12-25", 0, 1, 1, 0, 0, 1, 1, 15000, None),
        (3, "2017-12-25", 22, 1, 0, 0, 1, 1, 1, 0, None),
        (4, "2017-12-17", 23, 1, 1, 0, 0, 1, 1, 0, 20.0),
    ]
    assert found(hotel, HOTEL_DEMAND) == [
        {**dict(zip(names, row, strict=True)), "local_date": DATE(row[1])} for row in expected
    ]


def test_revenue_is_the_orders_own(hotel):
    """Summed over all lines, revenue is what the completed orders' lines cost, once."""
    paid = sum(row["revenue"] for row in found(hotel, INTERACTIONS))
    assert paid == 10000 + 39000 + 5000 + 15000 + 5000
    assert paid == sum(row["revenue"] for row in found(hotel, HOTEL_DEMAND))
    assert paid == sum(row["revenue"] for row in found(hotel, ITEM_FEATURES))
