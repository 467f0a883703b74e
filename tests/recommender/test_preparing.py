"""Before the first tree it is learned what history is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nextloop.recommender.preparing import prepare


@pytest.fixture
def loyal(tables, order):
    """Eighty guests who come eight times, at any hour, each for three dishes of their own."""
    rng, rows = np.random.default_rng(7), []
    for guest in range(80):
        own = rng.choice(np.arange(11, 41), 3, replace=False)
        for turn in range(8):
            day = guest % 10 + 10 * turn
            hour = int(rng.integers(8, 22))
            at = f"2026-{1 + day // 28:02d}-{1 + day % 28:02d} {hour:02d}:{guest % 60:02d}"
            dishes = (int(rng.choice(own)), int(rng.integers(1, 6)))
            rows.append(order(dishes, at, guest=f"g{guest}"))
    return tables(rows).dataset


def test_history_is_trusted_fully_where_it_is_nearly_all_there_is(loyal, config):
    """What loyal guests had before leads the list from the start."""
    prepared = prepare(loyal, replace(config, validation_orders=100), lambda *_: None)

    assert (prepared.config.own_weight, prepared.config.near_weight) == (1.0, 1.0)


def test_history_adds_little_where_hours_and_parties_tell_much(planted_tables, config):
    """The product of all effects leads the list, and history is added to it."""
    prepared = prepare(planted_tables.dataset, config, lambda *_: None)

    assert (prepared.config.own_weight, prepared.config.near_weight) == (0.1, 0.3)


def test_without_orders_to_validate_by_the_settings_stay(tables, order, config):
    """Three orders on one day leave nothing to choose by."""
    data = tables([order((1, 2), f"2026-03-01 1{n}:00") for n in range(3)]).dataset
    wanted = replace(config, own_weight=0.5, near_weight=0.5)

    assert prepare(data, wanted, lambda *_: None).config == wanted
