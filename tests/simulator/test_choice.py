"""Choices follow their weights."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nextloop.simulator import choice
from nextloop.simulator.streams import coin, stream


def test_a_draw_falls_into_the_share_of_its_weight() -> None:
    """With weights 1, 0, 3 the first quarter of the lots picks item 0, the rest item 2."""
    weights = np.tile([1.0, 0.0, 3.0], (4, 1))
    picked = choice.draw(weights, np.array([0.0, 0.2, 0.25, 0.999]))
    assert picked.tolist() == [0, 0, 2, 2]


@given(
    weights=st.lists(st.floats(0, 1e6), min_size=1, max_size=8).filter(lambda w: sum(w) > 1e-3),
    lot=st.floats(0, 1, exclude_max=True),
)
def test_nothing_without_weight_is_ever_picked(weights: list[float], lot: float) -> None:
    """A closed or already chosen item, whose weight is 0, is not drawn."""
    (picked,) = choice.draw(np.array([weights]), np.array([lot])).tolist()
    assert weights[picked] > 0


def test_streams_do_not_share_numbers() -> None:
    """Another name or seed gives other numbers, the same name and seed the same ones."""
    first = stream(1, "stays", 1).random(3).tolist()
    assert stream(1, "stays", 1).random(3).tolist() == first
    assert stream(1, "stays", 2).random(3).tolist() != first
    assert stream(2, "stays", 1).random(3).tolist() != first


def test_coins_are_fair_and_fixed() -> None:
    """A pair's coin is always the same, and over pairs coins are uniform."""
    guest, item = (axis.ravel() for axis in np.indices((300, 100)))
    lots = coin(7, guest, item)
    assert np.array_equal(lots, coin(7, guest, item))
    assert abs(lots.mean() - 0.5) < 0.01
    assert np.all(np.abs(np.histogram(lots, 10, (0, 1))[0] / len(lots) - 0.1) < 0.01)
