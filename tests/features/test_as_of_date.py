"""Time: what came after the as-of date is in no feature, and the hotel's clock is what counts."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.features.conftest import AS_OF, ORDERS_IN, beer, found, order
from tests.lakes import Chain

from nextloop.errors import DataFault
from nextloop.jobs.features import newest_date
from nextloop.storage import delta
from nextloop.tables import FEATURE_TABLES, GUEST_FEATURES, HOTEL_DEMAND, INTERACTIONS


def everything(chain, as_of=AS_OF):
    """All feature tables' rows as of a date."""
    return {table.name: found(chain, table, as_of) for table in FEATURE_TABLES}


def test_later_orders_and_completions_change_nothing(hotel, chain):
    """The same features come out when the future has not happened yet."""
    known = [{**each} for each in ORDERS_IN if each["order_seq"] != "7"]
    known[-1] = {**known[-1], "status": "CHECK", "complete_date": ""}
    chain.take_in(known)
    chain.features(AS_OF)
    assert everything(chain) == everything(hotel)


def test_later_weeks_taken_in_change_nothing(hotel, chain):
    """New files with later orders, and a new state of an old one, leave the features as of then."""
    chain.take_in(ORDERS_IN, "a.csv")
    chain.features(AS_OF)
    later = order(70, "2018-01-03 09:00", beer(count=9), done="2018-01-03 09:20", customer_seq="1")
    chain.take_in([later], "b.csv")
    assert chain.features(AS_OF).made
    assert everything(chain) == everything(hotel)


def test_state_of_that_evening(chain):
    """An order refused or checked out of only later was open and its guest in house then."""
    chain.take_in(
        [
            order(
                1,
                "2017-12-25 21:00",
                beer(),
                done="2017-12-25 21:30",
                check_in="2017-12-24 15:00:00",
                check_out="2017-12-26 11:00:00",
                check_out_expected="2017-12-27 11:00:00",
            ),
            order(
                2, "2017-12-25 21:00", beer(), status="REFUSE", refuse_date="2017-12-26 00:00:00"
            ),
        ]
    )
    chain.features(AS_OF)
    (demand,) = found(chain, HOTEL_DEMAND)
    assert (demand["complete_count"], demand["refused_count"], demand["open_count"]) == (1, 0, 1)
    assert [row["nights"] for row in found(chain, INTERACTIONS)] == [3]
    chain.features("2017-12-26")
    (demand,) = found(chain, HOTEL_DEMAND, "2017-12-26")
    assert (demand["complete_count"], demand["refused_count"], demand["open_count"]) == (1, 1, 0)
    assert [row["nights"] for row in found(chain, INTERACTIONS, "2017-12-26")] == [2]


def test_hotels_clock_decides_hour_and_date(tmp_path, sail):
    """One instant is two hours and two dates at two hotels, summer time counted in."""
    chain = Chain(tmp_path, sail, **{"orders.hotel_timezones": {11: "America/New_York"}})
    chain.take_in(
        [
            order(1, "2017-07-03 08:30", beer(), done="2017-07-03 08:40"),
            order(1, "2017-07-02 19:30", beer(), done="2017-07-02 19:40", hotel_seq="11"),
        ]
    )
    chain.features("2017-07-03")
    rows = delta.read(chain.lake, INTERACTIONS).sort_by("hotel").to_pylist()
    assert rows[0]["ordered_at"] == rows[1]["ordered_at"]
    assert [(str(row["local_date"]), row["hour"], row["weekday"]) for row in rows] == [
        ("2017-07-03", 8, 0),
        ("2017-07-02", 19, 6),
    ]


def test_as_of_date_ends_by_the_hotels_clock(tmp_path, sail):
    """When Monday has begun in Seoul it is Sunday in New York: each hotel's own date counts."""
    chain = Chain(tmp_path, sail, **{"orders.hotel_timezones": {11: "America/New_York"}})
    chain.take_in(
        [
            order(1, "2017-07-03 00:30", beer(), done="2017-07-03 00:40"),
            order(1, "2017-07-02 11:30", beer(), done="2017-07-02 11:40", hotel_seq="11"),
        ]
    )
    chain.features("2017-07-02")
    assert delta.read(chain.lake, INTERACTIONS)["hotel"].to_pylist() == [11]


def test_weekdays_count_from_monday(chain):
    """Monday is 0 and Sunday 6."""
    days = [dt.date(2017, 12, 18) + dt.timedelta(days=day) for day in range(7)]
    chain.take_in(
        [order(n, f"{day} 12:00", beer(), done=f"{day} 12:10") for n, day in enumerate(days)]
    )
    chain.features(AS_OF)
    assert [row["weekday"] for row in found(chain, INTERACTIONS)] == list(range(7))


def test_same_date_and_orders_are_not_computed_again(chain):
    """The second run makes nothing, says so, and leaves every version as it is."""
    chain.take_in(ORDERS_IN)
    first = chain.features(AS_OF)
    again = chain.features(AS_OF)
    assert (first.made, again.made) == (True, False)
    assert (again.rows, again.versions, again.run_id) == (first.rows, first.versions, first.run_id)


def test_made_anew_the_rows_are_equal(hotel, chain):
    """The same orders in another order give the same rows."""
    chain.take_in(ORDERS_IN[::-1])
    chain.features(AS_OF)
    assert everything(chain) == everything(hotel)


def test_dates_stand_beside_each_other(chain):
    """A new date adds its rows; making an older one again replaces only its own."""
    chain.take_in(ORDERS_IN, "a.csv")
    for date in ("2017-12-18", "2017-12-20"):
        chain.features(date)
    earlier, later = everything(chain, "2017-12-18"), everything(chain, "2017-12-20")
    assert len(earlier["interactions"]) < len(later["interactions"])
    late = order(9, "2017-12-17 20:00", beer(), done="2017-12-17 20:10")
    chain.take_in([late], "late.csv")
    chain.features("2017-12-18")
    assert len(found(chain, INTERACTIONS, "2017-12-18")) == len(earlier["interactions"]) + 1
    assert everything(chain, "2017-12-20") == later


def test_table_without_rows_is_emptied(chain):
    """Features of a date whose guests turned out anonymous have no guest rows left."""
    named = order(1, "2017-12-20 12:00", beer(), done="2017-12-20 12:10", customer_seq="5")
    chain.take_in([named], "a.csv")
    assert chain.features(AS_OF).rows["guest_features"] == 1
    chain.take_in([{**named, "customer_seq": "", "complete_date": "2017-12-20 12:20:00"}], "b.csv")
    assert chain.features(AS_OF).rows["guest_features"] == 0
    assert delta.read(chain.lake, GUEST_FEATURES).num_rows == 0


def test_newest_date_is_the_hotels(chain):
    """Without a date, it is the local one of the newest order."""
    chain.take_in(ORDERS_IN)
    assert newest_date(chain.settings) == dt.date(2017, 12, 26)


def test_date_before_all_orders(chain):
    """There is nothing to learn from: said, and nothing published."""
    chain.take_in(ORDERS_IN)
    for date in ("2017-11-26", "2001-01-01"):
        with pytest.raises(DataFault, match="no orders to learn from"):
            chain.features(date)
    assert delta.version(chain.lake, INTERACTIONS) == delta.NO_VERSION


def test_orders_none_of_which_was_completed(chain):
    """A lake of open orders gives no features, and says why."""
    chain.take_in([order(1, "2017-12-20 12:00", beer(), status="CHECK")])
    with pytest.raises(DataFault, match="none is complete"):
        chain.features(AS_OF)


def test_lake_without_orders(chain):
    """Features before any ingest say what comes first."""
    from nextloop.storage.lake import create_lake

    create_lake(chain.root, "0" * 16)
    with pytest.raises(DataFault, match="has no orders yet"):
        chain.features(AS_OF)


def test_largest_values_that_a_row_may_have(chain):
    """One absurd row that is accepted cannot stop the features of a whole lake."""
    absurd = beer(count=10_000, price=10**12 - 1, resultPrice=None, departmentSeq=-1)
    stay = {"check_in": "1990-01-01 00:00:00", "check_out_expected": "2099-12-31 00:00:00"}
    people = {f"visit_{who}_cnt": "9999" for who in ("adult", "child", "baby")}
    items = [absurd, {**absurd, "itemSeq": 10**18 - 1}]
    chain.take_in([order(1, "2017-12-20 12:00", *items, done="2017-12-25 12:10", **stay, **people)])
    chain.features(AS_OF)
    first, _ = found(chain, INTERACTIONS)
    assert (first["stay_day"], first["nights"], first["babies"]) == (None, None, 9999)
    assert first["revenue"] == 10_000 * (10**12 - 1)
