"""Recommender: why an item is offered: a code, numbers that anyone can count, and a sentence.

Counts, a query and an item go in, a `Reason` comes out. The numbers are plain counts of orders and
stays, never scores, so that staff can check them in the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nextloop.recommender.context import FAMILY, HOURS, Lifts
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


def explain(state: State, queries: Queries, place: int) -> Reason:
    """Find the reason with the most weight for one item of the only query.

    The guest's own orders come first, then what stands out most from the usual (a pair, the hour,
    a family), then how often the item is ordered lately.

    Args:
        state: Counts of orders.
        queries: One query.
        place: The item's place in its hotel.

    Returns:
        The reason.
    """
    if queries.past_count[0, place] > 0:
        return _ordered_before(queries, place)
    notable = [*_together(state, queries, place), *_in_context(state, queries, place)]
    if notable:
        return max(notable, key=lambda found: found[0])[1]
    recent = int(state.popularity.recent[queries.rows.start + place])
    if recent:
        return Reason("popular", {"orders": recent, "days": RECENT_DAYS})
    return Reason("menu", {})


def _ordered_before(queries: Queries, place: int) -> Reason:
    count = int(queries.past_count[0, place])
    if queries.stay_count[0, place]:
        return Reason("ordered_before", {"count": count, "this_stay": 1})
    last_days = int(queries.day[0] - queries.past_day[0, place])
    return Reason("ordered_before", {"count": count, "last_days": max(0, last_days)})


def _together(state: State, queries: Queries, place: int) -> Iterator[tuple[float, Reason]]:
    """Look for the item of this stay, or the cart, that this one most often follows or joins."""
    rows, pairs, catalog = queries.rows, state.together, state.catalog
    item = rows.start + place
    share = pairs.item_stays[item] / max(1, int(pairs.hotel_stays[queries.hotel]))
    for other in rows.start + np.flatnonzero(queries.stay_count[0] + queries.cart[0]):
        stays = pairs.stays_with(int(other), item)
        lift = stays / max(1e-9, share * pairs.item_stays[other])
        if stays >= _FEW and lift >= _LIFT:
            evidence = {
                "with_item": int(catalog.item[other]),
                "with_item_name": catalog.name[other],
                "stays": stays,
            }
            yield lift, Reason("together", evidence)


def _in_context(state: State, queries: Queries, place: int) -> Iterator[tuple[float, Reason]]:
    """Look whether this hour, or a party with children, orders the item more than usual."""
    hotel, item = queries.hotel, queries.rows.start + place
    hour = int(queries.hour[0])
    around = np.array([hour - 1, hour, hour + 1]) % HOURS
    orders, lift = _raw_lift(state.context.hour, hotel, item, around)
    if orders >= _FEW and lift >= _LIFT:
        band = {"from_hour": int(around[0]), "to_hour": (hour + 2) % HOURS}
        yield lift, Reason("popular_now", {**band, "orders": orders, "lift": round(lift, 1)})
    if queries.family[0] > 0:
        orders, lift = _raw_lift(state.context.party, hotel, item, np.array([FAMILY]))
        if orders >= _FEW and lift >= _LIFT:
            yield lift, Reason("for_families", {"orders": orders, "lift": round(lift, 1)})


def _raw_lift(
    lifts: Lifts, hotel: int, item: int, bands: np.typing.NDArray[np.int64]
) -> tuple[int, float]:
    """Count the item's orders in some bands, and compare their share with the usual one."""
    orders, of_all = int(lifts.count[item, bands].sum()), int(lifts.total[hotel, bands].sum())
    usual = lifts.count[item].sum() / max(1, int(lifts.total[hotel].sum()))
    return orders, orders / max(1, of_all) / max(1e-9, float(usual))
