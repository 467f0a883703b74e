"""Kinds of guests are told apart by what they order, not by when they order."""

from __future__ import annotations

import numpy as np
import pytest

from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.queries import Histories
from nextloop.recommender.state import State

SWEET, SALTY, COMMON = (1, 2, 3), (4, 5, 6), 7
CONFIG = TrainingConfig(kinds=4)


def _two_kinds(order, hour_of=lambda _kind, _turn: 13, hotels=(1, 2), swap=None):
    """Let 120 guests order three times each, half of them sweet things, half salty ones.

    A swapped dish is liked by those who like the other things.
    """
    rng, rows = np.random.default_rng(5), []
    for guest in range(120):
        kind = guest % 2
        for turn in range(3):
            dish = int(rng.choice((SWEET, SALTY)[kind]))
            dish = {swap: SALTY[0], SALTY[0]: swap}.get(dish, dish) if swap else dish
            at = (
                f"2026-{1 + guest // 28:02d}-{1 + guest % 28:02d} {hour_of(kind, turn):02d}:{turn}0"
            )
            hotel = hotels[guest // 2 % len(hotels)]
            rows.append(order((dish, COMMON), at, guest=f"g{hotels}{guest}", hotel=hotel))
    return rows


def _likes(data, order, tables, before, hotel=1):
    """Ask what somebody likes who ordered this before."""
    state = State.fit(data.interactions, data.catalog, CONFIG, data.as_of)
    asked = [order(tuple(range(1, 8)), "2026-01-01 00:00", hotel=h) for h in (1, 2)]
    asked += [order((dish,), "2026-06-01 13:00", guest="new", hotel=hotel) for dish in before]
    asked.append(order((COMMON,), "2026-06-02 13:00", guest="new", hotel=hotel))
    more = tables(asked).dataset.interactions
    queries = Histories.of(data.catalog, more, 100).ask(hotel - 1, np.array([len(more) - 1]))
    return dict(zip(range(1, 8), state.taste.log_lift(queries)[0], strict=True)), state, queries


@pytest.fixture(scope="module")
def data(tables, order):
    """Two kinds of guests in two hotels with one menu."""
    return tables(_two_kinds(order)).dataset


@pytest.mark.parametrize("hotel", [1, 2])
@pytest.mark.parametrize(("liked", "other"), [(SWEET, SALTY), (SALTY, SWEET)])
def test_one_order_tells_the_kind(data, order, tables, hotel, liked, other):
    """Who had one sweet thing likes the other sweet things, and salty ones less than usual."""
    likes, _, _ = _likes(data, order, tables, liked[:1], hotel)

    assert min(likes[dish] for dish in liked) > 0.3
    assert max(likes[dish] for dish in other) < -0.3
    assert abs(likes[COMMON]) < 0.3


def test_of_whom_nothing_is_known_the_usual_is_expected(data, order, tables):
    """Without a past the lifts of all kinds average to about 1."""
    likes, state, queries = _likes(data, order, tables, ())

    assert max(abs(log) for log in likes.values()) < 0.2
    np.testing.assert_allclose(state.taste.kinds(queries).sum(axis=1), 1, rtol=1e-5)
    shares = np.exp(state.taste.log_share)
    np.testing.assert_allclose(state.taste.kinds(queries)[0], shares, rtol=1e-5)


def test_a_dish_that_nobody_ordered_yet_has_the_taste_of_its_name(order, tables):
    """What is learned of a dish holds wherever it is called the same, until it is ordered there."""
    once = order((1,), "2026-01-01 00:00", hotel=2)
    data = tables([*_two_kinds(order, hotels=(1,)), *_far_away(order), once]).dataset
    _, state, _ = _likes(data, order, tables, ())

    here, there = (state.taste.lift[data.catalog.rows(hotel)] for hotel in (0, 1))
    np.testing.assert_allclose(there, here, rtol=0.1, atol=0.1)


def test_a_dish_differs_from_its_name_where_it_is_ordered_by_others(order, tables):
    """The same name is another taste where the other kind of guests orders it."""
    rows = [*_two_kinds(order, hotels=(1,)), *_two_kinds(order, hotels=(2,), swap=SWEET[0])]
    data = tables(rows).dataset

    usual, _, _ = _likes(data, order, tables, SWEET[1:2], hotel=1)
    swapped, _, _ = _likes(data, order, tables, SWEET[1:2], hotel=2)

    assert usual[SWEET[0]] > 0.3
    assert swapped[SWEET[0]] < usual[SWEET[0]] - 0.5


def test_the_hour_is_no_taste(tables, order):
    """Who orders in the morning what all order in the morning is not of another kind for it."""
    rng, rows = np.random.default_rng(3), []
    for guest in range(200):
        hour = 8 if guest % 2 else 20
        menu = SWEET if guest % 2 else SALTY
        date = f"2026-{1 + guest // 28:02d}-{1 + guest % 28:02d}"
        rows += [
            order((int(dish),), f"{date} {hour:02d}:{turn}0", guest=f"g{guest}")
            for turn, dish in enumerate(rng.choice(menu, 2, replace=False))
        ]
    data = tables([*rows, order((COMMON,), "2026-01-01 12:00"), *_far_away(order)]).dataset
    by_hour, _, _ = _likes(data, order, tables, SWEET[:1])
    by_taste, _, _ = _likes(tables(_two_kinds(order)).dataset, order, tables, SWEET[:1])

    assert by_hour[SWEET[1]] - by_hour[SALTY[1]] < 0.3 * (by_taste[SWEET[1]] - by_taste[SALTY[1]])


def _far_away(order):
    """Let the other hotel have the same menu, so that it can be asked."""
    return [order(tuple(range(1, 8)), "2026-01-01 00:00", hotel=2)]


def test_orders_of_single_guests_and_items_leave_all_alike(tables, order):
    """Where nobody ordered two items there are no kinds: every lift is 1."""
    rows = [order((1 + n % 3,), f"2026-03-{1 + n:02d} 10:00") for n in range(20)]
    data = tables(rows).dataset

    taste = State.fit(data.interactions, data.catalog, CONFIG, data.as_of).taste

    np.testing.assert_array_equal(taste.lift, 1)
    np.testing.assert_array_equal(taste.evidence, 0)


def test_what_is_ordered_again_readily_is_known(tables, order):
    """An item that its guests keep ordering stands above one that they order once."""
    rows = []
    for guest in range(30):
        date = f"2026-02-{1 + guest % 28:02d}"
        once = 2 + guest % 4
        rows += [
            order(
                (1, once) if turn == guest % 3 else (1,),
                f"{date} {10 + turn}:00",
                guest=f"g{guest}",
            )
            for turn in range(3)
        ]
        rows += [order((1 + guest % 5,), f"{date} 20:00")]
    data = tables(rows).dataset

    state = State.fit(data.interactions, data.catalog, CONFIG, data.as_of)

    assert state.repeat[0] > state.repeat[1:].max()
