"""Recommender: scores become an answer: what is offered, why, and on what ground.

A model, its counts and queries go in; the best offers with their reasons come out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nextloop.recommender.arrays import Codes, Flags, Scores
from nextloop.recommender.asking import Query
from nextloop.recommender.dataset import Catalog
from nextloop.recommender.metrics import NO_ITEM, top_k
from nextloop.recommender.protocol import Model
from nextloop.recommender.queries import Queries
from nextloop.recommender.reasons import Reason, explain
from nextloop.recommender.state import State


@dataclass(frozen=True)
class Offer:
    """One offered item.

    Args:
        item: The source's number of the item.
        item_name: Its name as on the menu.
        department: The source's number of the department, none if not recorded.
        price: Latest unit price, in the source's money.
        score: The model's score; higher is better, comparable within one answer only.
        rank: 1 is the best.
        reason: Why it is offered.
    """

    item: int
    item_name: str
    department: int | None
    price: int
    score: float
    rank: int
    reason: Reason


@dataclass(frozen=True)
class Answer:
    """What to offer, best first.

    Args:
        offers: At most k items; fewer if the menu has no more.
        source: What the answer rests on: `guest` (earlier orders of the guest or the stay are
            known), `context` (hour and party), `hotel` (what is popular there) or `shared` (the
            hotel has no orders yet: equally named items elsewhere).
        fallback: Whether less is known than the model can use.
    """

    offers: tuple[Offer, ...]
    source: str
    fallback: bool


_SOURCES: Mapping[str, tuple[str, ...]] = {
    "popularity": ("hotel", "shared"),
    "context": ("context", "shared"),
    "together": ("guest", "hotel", "shared"),
    "ease": ("guest", "hotel", "shared"),
    "neighbours": ("guest", "hotel", "shared"),
    "ranker": ("guest", "context", "shared"),
}


def answers(
    model: Model, state: State, asked: Sequence[Queries], queries: Sequence[Query]
) -> list[Answer]:
    """Rank one hotel's menu for each of some queries; scored together, which is quicker.

    Args:
        model: The model that ranks.
        state: The counts that it stands on.
        asked: Each query as arrays.
        queries: The queries, for their k and what they exclude.

    Returns:
        The best offers of each query; equal scores in the sequence of the item numbers.
    """
    scores = model.score(Queries.joined(asked))
    return [
        _answer(model, state, scores[[place]], arrays, query)
        for place, (arrays, query) in enumerate(zip(asked, queries, strict=True))
    ]


def _answer(model: Model, state: State, scores: Scores, asked: Queries, query: Query) -> Answer:
    catalog = state.catalog
    offered = catalog.offered[asked.rows].copy()
    kept_out = sorted(query.exclude | set(query.cart))
    offered[catalog.places(asked.hotel, np.array(kept_out, np.int64))] = False
    best = _best(scores, offered, catalog, asked, query)
    reasons = explain(state, asked, best)
    offers = [
        _offer(catalog, asked.rows.start + int(place), float(scores[0, place]), rank, reason)
        for rank, (place, reason) in enumerate(zip(best, reasons, strict=True), start=1)
    ]
    source = _source(model, state, asked)
    return Answer(tuple(offers), source, source != _SOURCES[model.name][0])


def _best(scores: Scores, offered: Flags, catalog: Catalog, asked: Queries, query: Query) -> Codes:
    """Give the places of the best items, passing over those whose department has its share."""
    if query.per_department is None:
        return _ranked(scores, offered, query.k)
    ranked = _ranked(scores, offered, max(1, int(offered.sum())))
    department = catalog.department[asked.rows][ranked]
    # Side by side by department, best first: the n-th of each has n - 1 better ones before it.
    order = np.argsort(department, kind="stable")
    grouped = department[order]
    first = np.searchsorted(grouped, grouped)
    before = np.empty_like(order)
    before[order] = np.arange(len(order)) - first
    best: Codes = ranked[(department < 0) | (before < query.per_department)][: query.k]
    return best


def _ranked(scores: Scores, offered: Flags, k: int) -> Codes:
    top = top_k(scores, offered, k)[0]
    places: Codes = top[top != NO_ITEM]
    return places


def _offer(catalog: Catalog, item: int, score: float, rank: int, reason: Reason) -> Offer:
    department = int(catalog.department[item])
    return Offer(
        item=int(catalog.item[item]),
        item_name=catalog.name[item],
        department=department if department >= 0 else None,
        price=int(catalog.price[item]),
        score=score,
        rank=rank,
        reason=reason,
    )


def _source(model: Model, state: State, asked: Queries) -> str:
    """Name the best ground that this query and hotel allow."""
    sources = _SOURCES[model.name]
    if "guest" in sources and asked.past_orders[0] > 0:
        return "guest"
    known = state.popularity.hotel_orders[asked.hotel] > 0
    return sources[-2] if known else sources[-1]
