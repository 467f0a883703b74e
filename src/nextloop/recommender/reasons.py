"""Recommender: why an item is offered: a code, numbers that anyone can count, and a sentence.

Counts, a query and an item go in, a `Reason` comes out. The numbers are plain counts of orders and
stays, never scores, so that staff can check them in the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nextloop.recommender.arrays import Codes
from nextloop.recommender.context import FAMILY, HOURS
from nextloop.recommender.lifts import Lifts
from nextloop.recommender.popularity import RECENT_DAYS
from nextloop.recommender.queries import Queries
from nextloop.recommender.sentences import SENTENCES
from nextloop.recommender.state import State

_FEW = 5  # orders or stays; fewer are no evidence to show a guest
_LIFT = 1.2  # below that a habit is not worth a sentence


@dataclass(frozen=True)
class Reason:
    """Why an item is offered.

    Args:
        code: `ordered_before`, `together`, `popular_now`, `for_families`, `popular` or `menu`.
        evidence: The numbers behind it, by name.
    """

    code: str
    evidence: Mapping[str, int | float | str]

    def text(self, language: Literal["ko", "en"] = "en") -> str:
        """Say it in one sentence.

        Args:
            language: `ko` or `en`.

        Returns:
            The sentence.
        """
        return SENTENCES[language][self.code](self.evidence)


def explain(state: State, queries: Queries, places: Codes) -> list[Reason]:
    """Find the reason with the most weight for each of some items of the only query.

    The guest's own orders come first, then what stands out most from the usual (a pair, the hour,
    a family), then how often the item is ordered lately.

    Args:
        state: Counts of orders.
        queries: One query.
        places: The items' places in their hotel.

    Returns:
        A reason an item.
    """
    notable: list[list[tuple[float, Reason]]] = [[] for _ in places]
    for found in (*_together(state, queries, places), *_in_context(state, queries, places)):
        notable[found[0]].append(found[1:])
    recent = state.popularity.recent[queries.rows][places].tolist()
    own = queries.past_count[0, places].tolist()
    return [
        _ordered_before(queries, int(place)) if ordered
        else max(known, key=lambda found: found[0])[1] if known
        else Reason("popular", {"orders": orders, "days": RECENT_DAYS}) if orders
        else Reason("menu", {})
        for place, ordered, known, orders in zip(places, own, notable, recent, strict=True)
    ]  # fmt: skip


def _ordered_before(queries: Queries, place: int) -> Reason:
    count = int(queries.past_count[0, place])
    if queries.stay_count[0, place]:
        return Reason("ordered_before", {"count": count, "this_stay": 1})
    last_days = int(queries.day[0] - queries.past_day[0, place])
    return Reason("ordered_before", {"count": count, "last_days": max(0, last_days)})


def _together(state: State, queries: Queries, places: Codes) -> Iterator[tuple[int, float, Reason]]:
    """Look for items of this stay, or the cart, that one of these often follows or joins."""
    others = queries.rows.start + np.flatnonzero(queries.stay_count[0] + queries.cart[0])
    if not len(others):
        return
    pairs, catalog, items = state.together, state.catalog, queries.rows.start + places
    stays = pairs.stays_with(others[:, None], items[None, :])
    share = pairs.item_stays[items] / max(1, int(pairs.hotel_stays[queries.hotel]))
    lift = stays / np.maximum(1e-9, share * pairs.item_stays[others][:, None])
    for one, which in zip(*np.nonzero((stays >= _FEW) & (lift >= _LIFT)), strict=True):
        other = int(others[one])
        evidence: dict[str, int | float | str] = {
            "with_item": int(catalog.item[other]),
            "with_item_name": catalog.name[other],
            "stays": int(stays[one, which]),
        }
        yield int(which), float(lift[one, which]), Reason("together", evidence)


def _in_context(
    state: State, queries: Queries, places: Codes
) -> Iterator[tuple[int, float, Reason]]:
    """Look whether this hour, or a party with children, orders the items more than usual."""
    hour = int(queries.hour[0])
    around = [(hour + step) % HOURS for step in (-1, 0, 1)]
    band = {"from_hour": around[0], "to_hour": (hour + 2) % HOURS}
    for which, orders, lift in _lifted(state.context.hour, queries, places, around):
        found = {**band, "orders": orders, "lift": round(lift, 1)}
        yield which, lift, Reason("popular_now", found)
    if queries.family[0] > 0:
        for which, orders, lift in _lifted(state.context.party, queries, places, [FAMILY]):
            yield which, lift, Reason("for_families", {"orders": orders, "lift": round(lift, 1)})


def _lifted(
    lifts: Lifts, queries: Queries, places: Codes, bands: Sequence[int]
) -> Iterator[tuple[int, int, float]]:
    """Count the items' orders in some bands, and compare their shares with the usual ones."""
    count = lifts.count[queries.rows.start + places]
    total = lifts.total[queries.hotel]
    orders, of_all = count[:, bands].sum(axis=1), int(total[bands].sum())
    usual = count.sum(axis=1) / max(1, int(total.sum()))
    lift = orders / max(1, of_all) / np.maximum(1e-9, usual)
    for which in np.flatnonzero((orders >= _FEW) & (lift >= _LIFT)).tolist():
        yield which, int(orders[which]), float(lift[which])
