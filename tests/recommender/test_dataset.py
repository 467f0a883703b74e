"""Orders as columns: which of their items are asked for."""

from __future__ import annotations

import numpy as np
import pytest

from nextloop.recommender.dataset import UNKNOWN


@pytest.fixture(scope="module")
def orders(tables, order):
    """Orders of one to five items."""
    rows = [
        order(tuple(range(1, 2 + n % 5)), f"2026-03-{1 + n % 28:02d} {8 + n // 28:02d}:00")
        for n in range(100)
    ]
    return tables(rows).dataset.interactions


def test_each_turn_asks_for_another_item_of_the_order(orders):
    """After as many turns as it has items, every item of an order was hidden once."""
    turns = np.stack([orders.hidden(7, turn) for turn in range(5)])

    for number, (first, end) in enumerate(zip(orders.start[:-1], orders.start[1:], strict=True)):
        asked = turns[turns[:, number] != UNKNOWN, number]
        assert sorted(asked) == (list(range(first, end)) if end - first > 1 else [])


def test_the_draw_does_not_follow_the_sequence_of_items(orders):
    """Which item is asked for first is drawn: it is neither always the first nor the last."""
    several = np.diff(orders.start) == 5
    place = (orders.hidden(7) - orders.start[:-1])[several]

    assert len(set(place.tolist())) == 5
    np.testing.assert_array_equal(orders.hidden(7), orders.hidden(7))
