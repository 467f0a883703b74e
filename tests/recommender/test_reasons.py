"""Each reason's numbers are counted again from the orders."""

from __future__ import annotations

import numpy as np
import pytest

from nextloop.recommender.bundle import Bundle, Query, Reason
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.context import FAMILY, party_band
from nextloop.recommender.guests import Guests
from nextloop.recommender.state import State

EVIDENCE: dict[str, dict[str, int | float | str]] = {
    "ordered_before": {"count": 3, "last_days": 1},
    "together": {"with_item": 5, "with_item_name": "순두부찌개", "stays": 34},
    "popular_now": {"from_hour": 22, "to_hour": 1, "orders": 40, "lift": 2.5},
    "for_families": {"orders": 12, "lift": 3.1},
    "popular": {"orders": 120, "days": 28},
    "menu": {},
}


@pytest.mark.parametrize("code", sorted(EVIDENCE))
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_reason_is_a_sentence_with_its_numbers(code, language):
    """Each code has a Korean and an English sentence that names its evidence."""
    text = Reason(code, EVIDENCE[code]).text(language)

    assert text.endswith(".")
    assert any("가" <= letter <= "힣" for letter in text) == (
        language == "ko" or code == "together"
    )
    for name in {"orders", "stays", "lift", "with_item_name"} & set(EVIDENCE[code]):
        assert str(EVIDENCE[code][name]) in text


@pytest.mark.parametrize(
    ("name", "said"),
    [("김치찌개", "김치찌개와 함께"), ("비빔밥", "비빔밥과 함께"), ("Pizza", "Pizza와(과) 함께")],
)
def test_korean_particles_follow_the_names_last_letter(name, said):
    """과 stands after a final consonant, 와 after a vowel, both where it cannot be told."""
    assert said in Reason("together", {"with_item_name": name, "stays": 5}).text("ko")


@pytest.mark.parametrize(
    ("days", "ko", "en"),
    [(0, "오늘", "today"), (1, "어제", "yesterday"), (9, "9일 전", "9 days ago")],
)
def test_days_are_said_as_people_say_them(days, ko, en):
    """Today and yesterday have words of their own."""
    reason = Reason("ordered_before", {"count": 1, "last_days": days})

    assert ko in reason.text("ko")
    assert en in reason.text("en")


def _offered(trained, query):
    bundle = trained.models["ranker"].bundle
    return {offer.item: offer.reason for offer in bundle.recommend(query).offers}


def _rows(data, hotel, item):
    """Orders of hotel that hold the item, and all its orders, as flags."""
    orders, catalog = data.interactions, data.catalog
    code = catalog.hotel_code(hotel)
    row = catalog.rows(code).start + int(catalog.places(code, np.array([item]))[0])
    holds = np.zeros(len(orders), bool)
    holds[orders.line_order[orders.item == row]] = True
    return holds, orders.hotel == code


def test_popular_now_is_counted_within_an_hour_of_now(trained, planted_tables, world):
    """Breakfast's orders and lift are those of the three hours around eight."""
    data = planted_tables.dataset
    reasons = _offered(trained, Query(1, (8, 2), k=30))
    item = world.breakfast[0]

    assert reasons[item].code == "popular_now"
    evidence = reasons[item].evidence
    assert (evidence["from_hour"], evidence["to_hour"]) == (7, 10)
    holds, mine = _rows(data, 1, item)
    now = mine & np.isin(data.interactions.hour, (7, 8, 9))
    assert evidence["orders"] == (holds & now).sum()
    lift = (holds & now).sum() / now.sum() / (holds.sum() / mine.sum())
    assert evidence["lift"] == pytest.approx(lift, abs=0.05)


def test_for_families_is_counted_over_parties_with_children(trained, planted_tables, world):
    """The family's dish names orders of parties with children."""
    data = planted_tables.dataset
    reasons = _offered(trained, Query(1, (13, 2), adults=2, children=1, k=30))
    item = world.family[0]

    assert reasons[item].code == "for_families"
    holds, mine = _rows(data, 1, item)
    orders = data.interactions
    family = mine & (party_band(orders.adults, orders.family) == FAMILY)
    assert reasons[item].evidence["orders"] == (holds & family).sum()


def test_together_counts_the_stays_with_both(trained, planted_tables, world):
    """The pair's second item names the first one and their common stays."""
    data, (first, second) = planted_tables.dataset, world.pair
    reasons = _offered(trained, Query(1, (13, 2), ordered=(first,), k=30))

    assert reasons[second].code == "together"
    evidence = reasons[second].evidence
    assert (evidence["with_item"], evidence["with_item_name"]) == (first, f"item {first}")
    stays = [set(data.interactions.stay[_rows(data, 1, i)[0]]) for i in (first, second)]
    assert evidence["stays"] == len(stays[0] & stays[1])


def test_ordered_before_counts_the_guests_own_orders(trained, planted_tables, key):
    """A known guest is told how often and when."""
    data = planted_tables.dataset
    orders = data.interactions
    guest = int(np.bincount(orders.guest[orders.guest >= 0]).argmax())
    mine = np.flatnonzero(orders.guest == guest)
    hotel = int(data.catalog.hotel[orders.hotel[mine[0]]])
    name = data.guest_key[guest].decode()
    reasons = _offered(trained, Query(hotel, (13, (data.as_of + 4) % 7), guest=name, k=30))

    had = orders.item[np.isin(orders.line_order, mine)]
    for row in np.unique(had):
        reason = reasons[int(data.catalog.item[row])]
        last = max(
            orders.day[o] for o in mine if row in orders.item[orders.start[o] : orders.start[o + 1]]
        )
        assert reason.code == "ordered_before"
        assert reason.evidence["count"] == (had == row).sum()
        assert reason.evidence["last_days"] == data.as_of + 1 - last


def test_popular_counts_the_last_four_weeks(tables, order, trained, planted_tables, world):
    """Where nothing stands out, the orders of the last 28 days are named."""
    data = planted_tables.dataset
    reasons = _offered(trained, Query(1, (13, 2), k=30))
    plain = {i: r for i, r in reasons.items() if r.code == "popular"}

    assert plain
    for item, reason in plain.items():
        holds, _ = _rows(data, 1, item)
        recent = data.interactions.day > data.as_of - 28
        assert reason.evidence == {"orders": (holds & recent).sum(), "days": 28}


def test_what_is_in_the_cart_is_a_reason_and_does_not_come_back(tables, order):
    """An item that stands beside the cart's in many stays says so, with the stays counted."""
    orders = [
        order((1, 2), f"2026-03-{day:02d} 12:00", stay=f"s{day}", guest=f"g{day}")
        for day in range(1, 10)
    ]
    orders += [order((3,), f"2026-03-{day:02d} 13:00") for day in range(1, 20)]
    data, config = tables(orders).dataset, TrainingConfig()
    state = State.fit(data.interactions, data.catalog, config, data.as_of)
    bundle = Bundle(state.ease, state, Guests.of(data, 100), config, data.as_of)

    offers = bundle.recommend(Query(1, (12, 2), cart=(1,))).offers

    assert [offer.item for offer in offers] == [2, 3]
    assert offers[0].reason.code == "together"
    assert offers[0].reason.evidence["with_item"] == 1
    assert offers[0].reason.evidence["stays"] == 9
