"""What became of lists: shown offers joined with what was ordered of them."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextloop.events.lists import COLUMNS, lists, results, wilson
from nextloop.tables import EVENTS

SCHEMA = pa.schema([EVENTS.schema.field(name) for name in COLUMNS])
ZONES = {1: "Asia/Seoul", 2: "Europe/Berlin"}


def table(*rows):
    """Events from (hotel, request, item, kind, hour of 25 December in UTC, revenue, version)."""
    return pa.Table.from_pylist(
        [
            {
                "hotel_seq": hotel, "request_id": request, "item_seq": item, "kind": kind,
                "at": dt.datetime(2017, 12, 25, hour, tzinfo=dt.UTC), "revenue": revenue,
                "model_version": version, "slot": "blue" if version == 4 else None,
            }
            for hotel, request, item, kind, hour, revenue, version in rows
        ],
        SCHEMA,
    )  # fmt: skip


SOME = table(
    (1, "a", 101, "shown", 16, None, 4),  # one in the morning of the 26th in Seoul
    (1, "a", 102, "shown", 16, None, 4),
    (1, "a", 102, "shown", 17, None, 4),  # scrolled past again
    (1, "a", 101, "added", 16, None, None),
    (1, "a", 101, "ordered", 16, 9_000, None),
    (1, "a", 101, "ordered", 17, None, None),  # once more, and nobody told what was paid
    (1, "a", 109, "ordered", 17, 500, None),  # not offered
    (1, "b", 101, "shown", 9, None, 5),
    (1, "b", 101, "refused", 9, None, 5),
    (2, "a", 101, "shown", 16, None, 5),  # the same name of a request, in another hotel
    (1, "c", 101, "ordered", 9, 7_000, 5),  # its list was never said to be shown
)


def test_list_and_what_became_of_it():
    """One row a list; items count once, money every time, and by the hotel's own day."""
    found = lists(SOME, ZONES.__getitem__).drop(["shown_at"]).to_pylist()
    names = (
        "day", "hotel_seq", "request_id", "model_version", "slot", "shown", "added", "ordered",
        "refused", "hit", "revenue", "unpriced", "beside",
    )  # fmt: skip
    assert [tuple(row[name] for name in names) for row in found] == [
        (dt.date(2017, 12, 25), 1, "b", 5, None, 1, 0, 0, 1, False, 0, 0, 0),
        (dt.date(2017, 12, 25), 2, "a", 5, None, 1, 0, 0, 0, False, 0, 0, 0),
        (dt.date(2017, 12, 26), 1, "a", 4, "blue", 2, 1, 1, 0, True, 9_000, 1, 500),
    ]


def test_lists_are_added_up():
    """By any of hotel, version, slot and day; all of them together if by nothing."""
    found = lists(SOME, ZONES.__getitem__)
    by_model = results(found, ["model_version"])
    names = ("model_version", "lists", "hits", "revenue")
    told = [tuple(row[name] for name in names) for row in by_model]
    assert told == [(4, 1, 1, 9_000), (5, 2, 0, 0)]
    (total,) = results(found, [])
    assert (total["lists"], total["hit_rate"], total["revenue_per_list"]) == (3, 1 / 3, 3_000)
    assert [row["slot"] for row in results(found, ["slot"])] == ["blue", None]


def test_nothing_was_shown():
    """Orders of lists that nobody saw are none of ours."""
    found = lists(SOME.filter(pa.compute.equal(SOME["request_id"], "c")), ZONES.__getitem__)
    assert found.num_rows == 0
    assert results(found, ["day"]) == []
    (total,) = results(found, [])
    assert (total["lists"], total["hit_rate"], total["hit_rate_low"]) == (0, None, None)


EVENT_ROWS = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.sampled_from("abc"),
        st.integers(1, 3),
        st.sampled_from(["shown", "added", "ordered", "refused"]),
        st.integers(0, 23),
        st.none() | st.integers(0, 9),
        st.none() | st.integers(1, 2),
    ),
    max_size=20,
)


@given(EVENT_ROWS, st.randoms())
def test_groups_add_up_to_all(rows, random):
    """Whatever lists are told apart by, no list and no money is lost; order does not matter."""
    found = lists(table(*rows), ZONES.__getitem__)
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert lists(table(*shuffled), ZONES.__getitem__).equals(found)
    assert found.num_rows == len({row[:2] for row in rows if row[3] == "shown"})
    shown = {row[:3] for row in rows if row[3] == "shown"}
    paid = sum(row[5] or 0 for row in rows if row[3] == "ordered" and row[:3] in shown)
    (total,) = results(found, [])
    assert total["revenue"] == paid
    for by in (["hotel_seq"], ["day", "model_version"], ["slot"]):
        groups = results(found, by)
        for name in ("lists", "hits", "shown", "revenue", "beside"):
            assert sum(row[name] for row in groups) == total[name]


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634)]
)
def test_interval_of_a_share(hits, of, low, high):
    """Wilson's interval, as published tables have it."""
    assert wilson(hits, of) == pytest.approx((low, high), abs=1e-4)
