"""What an accepted row says: instants, the state, the week, the flags, the sums."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.order_files import contents, csv_text, item, row

UTC = dt.UTC


def order_of(read, rules=None, **changes):
    """The one accepted order of a row."""
    found = read(csv_text([row(1, **changes)]), **(rules or {}))
    assert found.rejected == []
    return found.accepted[0]


def test_seoul_times_become_instants(read):
    """19:00 in Seoul is 10:00 UTC; nulls stay null."""
    order = order_of(read)
    assert order["reg_at"] == dt.datetime(2017, 12, 20, 10, tzinfo=UTC)
    assert order["check_at"] == dt.datetime(2017, 12, 20, 10, 2, tzinfo=UTC)
    assert order["complete_at"] == dt.datetime(2017, 12, 20, 10, 30, tzinfo=UTC)
    assert order["check_in_at"] == dt.datetime(2017, 12, 19, 6, tzinfo=UTC)
    assert (order["refuse_at"], order["check_out_at"]) == (None, None)


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("2017-07-01 12:00:00", dt.datetime(2017, 7, 1, 16, tzinfo=UTC)),
        ("2017-12-01 12:00:00", dt.datetime(2017, 12, 1, 17, tzinfo=UTC)),
        # 01:30 comes twice when summer time ends: the first of the two.
        ("2017-11-05 01:30:00", dt.datetime(2017, 11, 5, 5, 30, tzinfo=UTC)),
        # 02:30 is skipped when it begins: a clock not yet set forward shows it half an hour on.
        ("2017-03-12 02:30:00", dt.datetime(2017, 3, 12, 7, 30, tzinfo=UTC)),
        ("2017-03-12 03:00:00", dt.datetime(2017, 3, 12, 7, tzinfo=UTC)),
    ],
    ids=["summer", "winter", "twice", "skipped", "first_after"],
)
def test_hotel_with_a_zone_of_its_own(read, local, instant):
    """A hotel's clock shows its zone's time, summer time and all; the others' stays as it is."""
    rules = {"hotel_timezones": {77: "America/New_York"}}
    rows = [row(1, reg_date=local), row(2, hotel_seq="77", reg_date=local)]
    found = read(csv_text(rows), **rules)
    seoul, york = found.accepted
    assert york["reg_at"] == instant
    assert seoul["reg_at"] == dt.datetime.fromisoformat(local + "+09:00")


def test_week_is_the_hotels_own(read):
    """Monday 00:30 in Seoul is Sunday in UTC, and belongs to the new week."""
    assert order_of(read, reg_date="2017-12-18 00:30:00")["order_week"] == dt.date(2017, 12, 18)
    assert order_of(read, reg_date="2017-12-17 23:59:59")["order_week"] == dt.date(2017, 12, 11)


@pytest.mark.parametrize(
    ("word", "state", "known"),
    [
        ("COMPLETE", "complete", True),
        ("complete", "complete", True),
        (" Complete ", "complete", True),
        ("REFUSE", "refused", True),
        ("CANCELED", "cancelled", True),
        ("CHECK", "open", True),
        ("조리중", "open", False),
        ("COMPLETED?", "open", False),
    ],
)
def test_status_is_mapped_and_kept(read, word, state, known):
    """The source's word stays; the state follows the settings; an unknown word is open."""
    order = order_of(read, status=word)
    assert (order["status"], order["state"]) == (word, state)
    assert ("unknown_status" in order["flags"]) is not known


def test_settings_map_words_of_a_site(read):
    """A word that a site adds to the map is known, in any case."""
    order = order_of(read, {"states": {"배달완료": "complete", "DONE": "complete"}}, status="done")
    assert (order["state"], order["flags"]) == ("complete", [])


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({}, []),
        ({"complete_date": "\\N"}, ["complete_without_date"]),
        ({"complete_date": "\\N", "status": "CHECK"}, []),
        ({"order_price": "23999"}, ["price_differs"]),
        ({"order_price": "\\N"}, []),
        ({"complete_date": "2017-12-20 18:59:59"}, ["negative_duration"]),
        ({"check_date": "2017-12-20 19:31:00"}, ["negative_duration"]),
        ({"complete_date": "2017-12-21 19:00:00"}, []),
        ({"complete_date": "2017-12-21 19:00:01"}, ["over_24_hours"]),
        ({"visitor_cnt": "0"}, ["visitor_zero"]),
        ({"visitor_cnt": "\\N"}, []),
        (
            {"visitor_cnt": "0", "status": "?", "complete_date": "", "check_date": ""},
            ["unknown_status", "visitor_zero"],
        ),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, list) else ",".join(value.values()),
)
def test_oddities_are_kept_and_flagged(read, changes, flags):
    """A row that is odd but readable gets in, and says what is odd about it."""
    assert order_of(read, **changes)["flags"] == flags


def test_missing_times_and_counts_stay_missing(read):
    """Nothing is filled in: no median, no zero."""
    order = order_of(read, complete_date="\\N", visitor_cnt="\\N", visit_child_cnt="", check_in="")
    assert [order[name] for name in ("complete_at", "visitor_cnt", "visit_child_cnt")] == [None] * 3
    assert order["check_in_at"] is None


def test_order_price_is_never_the_sum_of_its_lines_repeated(read):
    """The order's own price and the sum of its lines' result prices stand side by side."""
    two = contents(item(resultPrice=4000), item(resultPrice=None), item(resultPrice=500))
    order = order_of(read, contents=two, order_price="4500")
    assert (order["order_price"], order["lines_price"], order["line_count"]) == (4500, 4500, 3)


def test_state_is_as_new_as_its_newest_time(read):
    """The newest of the order's own times dates its state; the stay's times do not."""
    assert order_of(read)["state_at"] == dt.datetime(2017, 12, 20, 10, 30, tzinfo=UTC)
    refused = order_of(
        read, status="REFUSE", complete_date="", refuse_date="2017-12-20 19:05:00", check_date=""
    )
    assert refused["state_at"] == dt.datetime(2017, 12, 20, 10, 5, tzinfo=UTC)
    assert order_of(read, complete_date="", check_date="")["state_at"] == dt.datetime(
        2017, 12, 20, 10, tzinfo=UTC
    )


def test_row_names_where_it_came_from(read):
    """File, revision and line name one landing row for ever."""
    order = order_of(read)
    assert (order["file_name"], order["file_revision"]) == ("2017-W51.csv", 1)
    assert order["line_number"] == 2
