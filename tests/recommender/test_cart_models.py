"""What carts, pasts and neighbours do to scores, with the answer in sight."""

from __future__ import annotations

import numpy as np
import pytest

from nextloop.recommender.baskets import raised
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.neighbours import POWERS
from nextloop.recommender.queries import FADING, Histories
from nextloop.recommender.state import State

STEW, RICE, TEA, CAKE, SOUP = range(5)  # rows; the items' numbers are one more


@pytest.fixture(scope="module")
def data(tables, order):
    """Stew comes with rice, tea with cake; who had soup has tea the next time."""
    rows = []
    for day in range(1, 21):
        rows.append(order((STEW + 1, RICE + 1), f"2026-02-{day:02d} 12:00"))
        rows.append(order((TEA + 1, CAKE + 1), f"2026-02-{day:02d} 15:00"))
        rows.append(order((SOUP + 1,), f"2026-02-{day:02d} 18:00", guest=f"g{day}"))
        rows.append(order((TEA + 1,), f"2026-02-{day:02d} 20:00", guest=f"g{day}"))
    return tables(rows).dataset


@pytest.fixture(scope="module")
def state(data):
    """All of it counted, with little shrinking."""
    config = TrainingConfig(pair_strength=2, ease_strength=5)
    return State.fit(data.interactions, data.catalog, config, data.as_of)


@pytest.fixture(scope="module")
def with_cart(data):
    """A question with something in the cart and nothing known of the guest."""
    histories = Histories.of(data.catalog, data.interactions, 100)

    def asking(item):
        cart = np.zeros((1, 5), np.float32)
        cart[0, item] = 1
        return histories.ask(0, np.array([0]), cart)

    return asking


@pytest.fixture(scope="module")
def after_soup(data):
    """A question to a guest who had soup once: before the tea of the last one."""
    histories = Histories.of(data.catalog, data.interactions, 100)
    return histories.ask(0, np.array([len(data.interactions) - 1]))


@pytest.mark.parametrize(("item", "partner"), [(STEW, RICE), (CAKE, TEA)])
def test_the_regression_completes_the_order(state, with_cart, item, partner):
    """What always stands beside the cart's item is predicted from it, and nothing else is."""
    predicted = state.ease.from_cart(with_cart(item))[0]

    assert predicted.argmax() == partner
    assert predicted[partner] > 0.5
    assert np.delete(predicted, partner).max() < 0.1


@pytest.mark.parametrize(("item", "partner"), [(STEW, RICE), (CAKE, TEA)])
def test_orders_like_the_cart_tell_what_is_missing(state, with_cart, item, partner):
    """All that orders with the cart's item hold besides is its partner."""
    for shared in state.baskets.beside(with_cart(item)):
        np.testing.assert_allclose(shared[0], np.eye(5)[partner], atol=1e-6)


def test_no_order_after_the_day_of_the_question_counts(data, with_cart):
    """Asked on the first day, the orders of later days are not looked at."""
    later = data.interactions.take(data.interactions.day > data.interactions.day[0])
    state = State.fit(later, data.catalog, TrainingConfig(), data.as_of)

    assert not np.any(state.baskets.beside(with_cart(STEW)))


def test_fresher_orders_count_more(tables, order):
    """Of two partners the one of yesterday leads the one of a year ago."""
    old = [order((1, 2), "2025-02-01 12:00")]
    new = [order((1, 3), "2026-02-01 12:00"), order((1,), "2026-02-02 12:00")]
    data = tables([*old, *new]).dataset
    state = State.fit(data.interactions, data.catalog, TrainingConfig(), data.as_of)
    cart = np.array([[1, 0, 0]], np.float32)
    asked = Histories.of(data.catalog, data.interactions, 9).ask(0, np.array([2]), cart)

    shared = state.baskets.beside(asked)[0][0]

    assert shared[2] == pytest.approx(1 / (1 + 0.5 ** (365 / 180)), rel=1e-4)
    assert shared.sum() == pytest.approx(1)


def test_who_had_the_same_before_tells_what_is_next(state, after_soup):
    """All guests with soup went on with tea: neighbours, their next orders and sequences say so."""
    usual, following, *_ = state.neighbours.near(after_soup)

    np.testing.assert_allclose(following[0], np.eye(5)[TEA], atol=1e-6)
    np.testing.assert_allclose(usual[0, [SOUP, TEA]], [FADING / 2, 0.5], atol=1e-6)
    assert state.sequence.after_last(after_soup)[0].argmax() == TEA
    assert state.sequence.after_any(after_soup)[0].argmax() == TEA
    assert state.sequence.pulled(after_soup)[0].argmax() == TEA


def test_nobody_is_near_a_guest_without_a_past(state, with_cart):
    """Without a past there are no neighbours, and popularity decides."""
    asked = with_cart(STEW)

    assert not np.any(state.neighbours.near(asked))


def test_the_past_fades_order_by_order(tables, order):
    """The last order weighs 1, the one before it .9, over the number of orders."""
    orders = [
        order((1,), "2026-03-01 09:00", guest="kim"),
        order((1, 2), "2026-03-02 09:00", guest="kim"),
    ]
    data = tables([*orders, order((1,), "2026-03-03 09:00", guest="kim")]).dataset

    asked = Histories.of(data.catalog, data.interactions, 9).ask(0, np.array([2]))

    np.testing.assert_allclose(asked.own, [[(1 + FADING) / 2, 0.5]], rtol=1e-6)
    assert asked.since.tolist() == [[0, 0]]


def test_powers_are_those_of_numpy():
    """Squaring gives what multiplying gives."""
    values = np.array([0.0, 0.3, 1.0], np.float32)
    for power in range(6):
        np.testing.assert_allclose(raised(values, power), values**power, rtol=1e-6)


@pytest.mark.parametrize(("number", "power"), list(enumerate(POWERS)))
def test_neighbours_are_means_weighted_by_powers_of_the_cosine(state, after_soup, number, power):
    """One product for all powers gives what the definition gives for each."""
    pool, own = state.neighbours.pools[0], after_soup.own[0]
    weight = (pool.direction.toarray() @ own / np.linalg.norm(own)) ** power
    usual, following = np.split(pool.bought.toarray(), 2)

    near = state.neighbours.near(after_soup)

    for found, bought in zip(near[2 * number : 2 * number + 2], (usual, following), strict=True):
        np.testing.assert_allclose(found[0], bought @ weight / weight.sum(), rtol=1e-5)
