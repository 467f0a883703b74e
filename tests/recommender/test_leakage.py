"""Nothing that happened later, and no row's own target, reaches a feature."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nextloop.recommender import ranking_features
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.cross_fit import cross_fitted, folds, rows_of
from nextloop.recommender.queries import Histories
from nextloop.recommender.split import Split
from nextloop.recommender.state import State


@pytest.fixture(scope="module")
def data(planted_tables):
    """The planted world."""
    return planted_tables.dataset


def _swapped(orders, which, item):
    """Let one order hold another single item, everything else as it is."""
    lines = orders.item.copy()
    lines[orders.start[which] : orders.start[which + 1]] = item
    return replace(orders, item=lines)


def _single(data, split):
    """Find a late training order of one item, made by a known guest."""
    orders = data.interactions
    fits = split.fit & (np.diff(orders.start) == 1) & (orders.guest >= 0)
    return int(np.flatnonzero(fits)[-1])


def _features_before(data, orders, which, config, split):
    """Describe the menu before one order as `cross_fitted` does: without the order's fold."""
    histories = Histories.of(data.catalog, orders, config.history_orders)
    fold = folds(orders, config)
    others = orders.take(split.fit & (fold != fold[which]))
    state = State.fit(others, data.catalog, config, split.validation_cut - 1)
    queries = histories.ask(int(orders.hotel[which]), np.array([which]))
    return ranking_features.matrix(state, queries)


def test_a_training_rows_own_target_reaches_no_feature(data, config):
    """Swapping what an order holds changes nothing of what is said before it."""
    split = Split.of(data.interactions, config)
    which = _single(data, split)
    other = data.catalog.rows(int(data.interactions.hotel[which])).stop - 1
    swapped = _swapped(data.interactions, which, other)

    before = _features_before(data, data.interactions, which, config, split)
    after = _features_before(data, swapped, which, config, split)

    np.testing.assert_array_equal(before, after)


def test_the_hidden_item_of_an_order_reaches_no_feature(data, config):
    """With the rest of an order in the cart, what is asked for may be any item."""
    orders, split = data.interactions, Split.of(data.interactions, config)
    several = split.fit & (np.diff(orders.start) == 2) & (orders.guest >= 0)
    which = int(np.flatnonzero(several)[-1])
    line = int(orders.start[which])
    swapped = replace(orders, item=orders.item.copy())
    menu = data.catalog.rows(int(orders.hotel[which]))
    swapped.item[line] = menu.stop - 1 if orders.item[line + 1] != menu.stop - 1 else menu.start
    hidden = np.full(len(orders), -1, np.int64)
    hidden[which] = line

    told = []
    for table in (orders, swapped):
        histories = Histories.of(data.catalog, table, config.history_orders)
        fold = folds(table, config)
        others = table.take(split.fit & (fold != fold[which]))
        state = State.fit(others, data.catalog, config, split.validation_cut - 1)
        _, queries = next(histories.batches(np.array([which]), hidden))
        told.append(ranking_features.matrix(state, queries))

    assert orders.item[line] != swapped.item[line]
    assert queries.cart.sum() == 1
    np.testing.assert_array_equal(told[0], told[1])


def test_without_cross_fitting_the_target_would_be_seen(data, config):
    """Counted on all orders, the same swap does change features: the folds are what prevents it."""
    split = Split.of(data.interactions, config)
    which = _single(data, split)
    other = data.catalog.rows(int(data.interactions.hotel[which])).stop - 1

    told = []
    for orders in (data.interactions, _swapped(data.interactions, which, other)):
        state = State.fit(orders.take(split.fit), data.catalog, config, split.validation_cut - 1)
        histories = Histories.of(data.catalog, orders, config.history_orders)
        queries = histories.ask(int(orders.hotel[which]), np.array([which]))
        told.append(ranking_features.matrix(state, queries))

    assert not np.array_equal(told[0], told[1], equal_nan=True)


def test_all_rows_of_a_guest_come_from_states_without_the_guest(data, config):
    """Every training row equals the one made without any order of its owner's fold."""
    split = Split.of(data.interactions, config)
    histories = Histories.of(data.catalog, data.interactions, config.history_orders)
    menu = data.catalog.known_before(split.validation_cut)
    few = replace(config, training_orders=40)
    rows = cross_fitted(histories, menu, split, few, split.validation_cut - 1)

    fold = folds(data.interactions, few)
    asked = np.flatnonzero(split.fit)[-40:]
    made = []
    for number in range(few.folds):
        owners = set(data.interactions.owner[fold == number].tolist())
        kept = split.fit & ~np.isin(data.interactions.owner, list(owners))
        state = State.fit(data.interactions.take(kept), menu, few, split.validation_cut - 1)
        made.append(rows_of(histories, state, asked[fold[asked] == number], few))
    for kind in ("opening", "completing"):
        features = [getattr(part, kind).feature for part in made]
        np.testing.assert_array_equal(getattr(rows, kind).feature, np.concatenate(features))


def test_a_guest_is_never_in_two_folds(data, config):
    """Folds are dealt by guest, or by stay where the guest is unknown."""
    fold = folds(data.interactions, config)
    pairs = {(o, f) for o, f in zip(data.interactions.owner, fold, strict=True)}

    assert len(pairs) == len({o for o, _ in pairs})
    assert set(fold) == set(range(config.folds))


def test_a_planted_future_order_changes_nothing_before_it(tables, order):
    """Orders of a later instant leave history, counts and features as they were."""
    past = [order((1, 2), f"2026-03-{d:02d} 10:00", guest="kim", stay="s") for d in range(1, 9)]
    asked = order((3,), "2026-03-09 10:00", guest="kim", stay="s")
    planted = [order((4,), "2026-03-09 10:01", guest="kim", stay="s") for _ in range(5)]
    menu = [order((1, 2, 3, 4), "2026-02-01 10:00")]

    told = []
    for later in ([], planted):
        data = tables([*menu, *past, asked, *later]).dataset
        histories = Histories.of(data.catalog, data.interactions, 100)
        day = data.interactions.day
        state = State.fit(
            data.interactions.take(day < day[9]), data.catalog, TrainingConfig(), int(day[9]) - 1
        )
        told.append(ranking_features.matrix(state, histories.ask(0, np.array([9]))))

    np.testing.assert_array_equal(told[0], told[1])


def test_orders_of_the_same_instant_do_not_know_each_other(tables, order):
    """Two orders placed at once are both asked as if the other had not happened."""
    same = [order((i,), "2026-03-09 10:00", guest="kim", stay="s") for i in (1, 2)]
    data = tables(same).dataset
    queries = Histories.of(data.catalog, data.interactions, 100).ask(0, np.array([0, 1]))

    assert not queries.past_count.any()
    assert not queries.stay_count.any()


def test_an_item_is_no_candidate_on_the_day_it_first_sells(tables, order, config):
    """A row of an item's first day would give its target away by the item's age."""
    orders = [order((1,), f"2026-03-{d:02d} 10:00") for d in range(1, 9)]
    orders += [order((2,), f"2026-03-{d:02d} 12:00") for d in (1, 3, 7)]
    debut = order((3,), "2026-03-08 13:00")
    data = tables([*orders, debut]).dataset
    histories = Histories.of(data.catalog, data.interactions, 100)
    state = State.fit(data.interactions, data.catalog, config, data.as_of)

    rows = rows_of(histories, state, np.array([len(data.interactions) - 1]), config)

    assert len(rows.opening.group) == 0
