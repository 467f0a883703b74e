"""What the three simple models rank, with the answer in sight."""

from __future__ import annotations

import numpy as np
import pytest

from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.context import stay_band
from nextloop.recommender.metrics import top_k
from nextloop.recommender.queries import Histories
from nextloop.recommender.state import State

# One hotel: soup sells best; porridge in the morning, wine at night, juice to families, and whoever
# had a steak has wine later in the stay.
SOUP, PORRIDGE, WINE, JUICE, STEAK, NEW = 1, 2, 3, 4, 5, 6


def _orders(order):
    rows = []
    for day in range(1, 29):
        date = f"2026-02-{day:02d}"
        rows += [
            order((SOUP,), f"{date} {hour:02d}:00", adults=2, children=0) for hour in (8, 13, 22)
        ]
        rows.append(order((PORRIDGE,), f"{date} 08:30", adults=2, children=0))
        rows.append(order((WINE,), f"{date} 22:30", adults=2, children=0))
        rows.append(order((SOUP, JUICE), f"{date} 13:30", adults=2, children=1))
        if day % 2:
            rows.append(order((STEAK,), f"{date} 18:00", stay=f"s{day}"))
            rows.append(order((WINE,), f"{date} 19:00", stay=f"s{day}"))
    return rows


@pytest.fixture(scope="module")
def data(tables, order, item):
    """A month of one hotel with plain habits, and an item that nobody ordered yet."""
    return tables(_orders(order), [item(NEW, "new dish")]).dataset


@pytest.fixture(scope="module")
def state(data):
    """All of the month counted."""
    config = TrainingConfig(pair_strength=2)
    return State.fit(data.interactions, data.catalog, config, data.as_of)


def _ask(tables, data, order, before=()):
    """Ask before one more order, the last one, whose items stay unseen."""
    more = tables([*before, order]).dataset.interactions
    histories = Histories.of(data.catalog, more, 100)
    return histories.ask(0, np.array([len(more) - 1]))


def _ranked(model, queries, data):
    top = top_k(model.score(queries), data.catalog.offered[queries.rows], 6)[0]
    return data.catalog.item[top].tolist()


@pytest.fixture(scope="module")
def ask(tables, data, order):
    """Ask a question of the hotel, after earlier orders."""
    menu = order((SOUP, PORRIDGE, WINE, JUICE, STEAK, NEW), "2026-01-01 00:00")

    def asking(at="2026-03-01 13:00", before=(), **known):
        last = order((SOUP,), at, stay="asked", **known)
        return _ask(tables, data, last, [menu, *before])

    return asking


def test_popularity_ranks_by_orders(state, ask, data):
    """The most ordered comes first, equal ones by number, the unordered last."""
    assert _ranked(state.popularity, ask(), data) == [SOUP, WINE, PORRIDGE, JUICE, STEAK, NEW]


def test_popularity_forgets_by_half_lives(tables, order):
    """An order of one half-life ago counts half as much as one of today."""
    data = tables([order((1,), "2026-03-01 10:00"), order((2,), "2026-03-31 10:00")]).dataset
    config = TrainingConfig(half_life_days=30, shared_strength=0)

    share = State.fit(data.interactions, data.catalog, config, data.as_of).popularity.share

    assert share.tolist() == pytest.approx([0.5 / 1.5, 1 / 1.5])


def test_a_hotel_without_orders_borrows_from_equally_named_items(tables, order, item):
    """A new hotel's menu is ranked by how the same names sell elsewhere."""
    menu = [
        item(i, name, hotel=h) for h in (1, 2) for i, name in ((1, "tea"), (2, "rice"), (3, "ink"))
    ]
    orders = [order((2,), f"2026-03-{day:02d} 10:00", hotel=1) for day in range(1, 20)]
    data = tables([*orders, order((1,), "2026-03-20 10:00", hotel=1)], menu).dataset

    share = State.fit(
        data.interactions, data.catalog, TrainingConfig(), data.as_of
    ).popularity.share

    tea, rice, ink = share[data.catalog.rows(1)]
    assert rice > tea > ink > 0


def test_items_without_a_name_borrow_from_nobody(tables, order, item):
    """A missing name is no common name: unnamed items stay apart."""
    menu = [item(1, "", hotel=1), item(2, "", hotel=2), item(3, "ink", hotel=2)]
    orders = [order((1,), f"2026-03-{day:02d} 10:00") for day in range(1, 20)]
    data = tables(orders, menu).dataset

    share = State.fit(
        data.interactions, data.catalog, TrainingConfig(), data.as_of
    ).popularity.share

    assert share[1] == share[2]


@pytest.mark.parametrize(
    ("at", "first"), [("2026-03-01 08:00", PORRIDGE), ("2026-03-01 23:00", WINE)]
)
def test_context_raises_what_the_hour_sells(state, ask, data, at, first):
    """Porridge beats wine in the morning, wine beats porridge at night."""
    ranked = _ranked(state.context, ask(at), data)

    assert min(ranked.index(PORRIDGE), ranked.index(WINE)) == ranked.index(first)


def test_the_clock_has_no_seam_at_midnight(state, ask, data):
    """Half past midnight still looks like late evening: wine before porridge."""
    ranked = _ranked(state.context, ask("2026-03-01 00:30"), data)

    assert ranked.index(WINE) < ranked.index(PORRIDGE)


def test_context_raises_what_families_order(state, ask, data):
    """Juice rises for a party with children, and only for one."""
    family = _ranked(state.context, ask("2026-03-01 13:00", adults=2, children=2), data)
    couple = _ranked(state.context, ask("2026-03-01 13:00", adults=2, children=0), data)

    assert family.index(JUICE) < couple.index(JUICE)


def test_the_day_of_leaving_is_a_situation_of_its_own():
    """Arrival, next day, later, leaving; one night has no later day, an unknown day no band."""
    day = np.array([0, 1, 2, 5, 6, 1, 0, 3, -1, -1], np.int32)
    nights = np.array([6, 6, 6, 6, 6, 1, 0, -1, 3, -1], np.int32)

    assert stay_band(day, nights).tolist() == [0, 1, 2, 2, 3, 3, 0, 2, -1, -1]


def test_an_unknown_party_changes_nothing(state, ask):
    """Without a recorded party its lift is 1, its logarithm 0."""
    assert (state.context.logs(ask())["party"] == 0).all()


def test_a_closed_department_closes_all_its_items(tables, order, item):
    """An item too rare to show opening hours itself takes them from its department."""
    bar = [item(2, "beer", department=2), item(3, "rare gin", department=2)]
    evening = [order((2,), f"2026-03-{d:02d} 21:00") for d in range(1, 29)]
    morning = [order((1,), f"2026-03-{d:02d} 08:00") for d in range(1, 29)]
    data = tables([*evening, *morning, order((3,), "2026-03-05 21:00")], [item(1), *bar]).dataset

    state = State.fit(data.interactions, data.catalog, TrainingConfig(), data.as_of)

    at_8, at_21 = state.context.hour.log[2, [8, 21]]
    assert at_21 > 0 > at_8


def test_together_raises_what_follows_in_a_stay(state, ask, data, order):
    """After a steak in this stay wine comes first; without one it does not."""
    steak = order((STEAK,), "2026-03-01 12:00", stay="asked")

    assert _ranked(state.together, ask(before=[steak]), data)[0] == WINE
    assert _ranked(state.together, ask(), data)[0] == SOUP


def test_together_trusts_an_earlier_stay_less(state, ask, data, order):
    """A steak of an earlier stay raises wine too, but by less."""
    item = data.catalog.item.tolist().index(WINE)
    now = order((STEAK,), "2026-03-01 12:00", stay="asked", guest="kim")
    then = order((STEAK,), "2026-02-01 12:00", stay="before", guest="kim")

    lifts = [
        state.together.lift(ask(before=before, guest="kim"))[0, item]
        for before in ([now], [then], [])
    ]

    assert lifts[0] > lifts[1] > lifts[2] == 0


def test_pairs_count_stays_in_both_directions(state, data):
    """Each stay with both items counts once, however the pair is asked for."""
    steak, wine, new = (data.catalog.item.tolist().index(i) for i in (STEAK, WINE, NEW))

    pairs = np.array([[steak, wine], [wine, steak], [steak, new]])
    assert state.together.stays_with(pairs[:, 0], pairs[:, 1]).tolist() == [14, 14, 0]
