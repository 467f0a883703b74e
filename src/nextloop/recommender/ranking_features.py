"""Recommender: what the ranker knows of an item when it is asked, as one matrix of numbers.

Counts and queries go in, one row a (query, item) comes out. Training and serving both call
`matrix`: there is no second implementation to drift away.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nextloop.recommender.arrays import Array, Codes, Scores
from nextloop.recommender.context import Context
from nextloop.recommender.dataset import UNKNOWN
from nextloop.recommender.queries import Queries
from nextloop.recommender.state import State

NAMES = (
    # the simpler models' scores and their parts
    "log_share", "trend", "context",
    "lift_hour", "lift_weekday", "lift_stay", "lift_party",
    "stay_lift", "past_lift",
    "ease_past", "pulled", "near_usual", "near_next", "nearer_usual", "nearer_next",
    "after_last", "after_any", "taste", "repeat", "wish",
    # the order that is being made
    "ease_cart", "beside_cart", "like_cart", "likely_cart", "department_cart", "cart_items",
    # the guest's own orders of the item: repeat or explore
    "own", "missed", "stay_count", "past_count", "past_share", "days_since", "since", "in_last",
    "again", "department_stay", "department_past",
    # the item
    "price_level", "age",
    # the query and its hotel, the same for every item
    "past_orders", "past_items", "stay_items",
    "hour", "stay_day", "nights_left", "adults", "family",
    "menu_size", "hotel_orders",
)  # fmt: skip

_LEAST = np.float32(0.2)  # of the usual chance: what a cart speaks against may be wanted still
_AT = {name: column for column, name in enumerate(NAMES)}
_OLD = 60  # days; an item is new for two months at most, and data begin somewhere


def matrix(state: State, queries: Queries) -> Scores:
    """Describe every item of a hotel to the ranker.

    Args:
        state: Counts of orders; for a training row, of other guests' orders only.
        queries: Queries to one hotel.

    Returns:
        Features in the order of `NAMES`, not a number where unknown, shape (q, n, n_features).
    """
    parts = {
        **_scores(state, queries),
        **_personal(state, queries),
        **_item(state, queries),
        **_asked(state, queries),
    }
    out = np.empty((*queries.stay_count.shape, len(NAMES)), np.float32)
    for column, name in enumerate(NAMES):
        out[:, :, column] = parts[name]
    return out


def first_scores(features: Scores, own: float, near: float, pull: float) -> Scores:
    """Score a menu by hand: what the trees start from, and what they look at if there is too much.

    Args:
        features: From `matrix`.
        own: What the guest's own orders count.
        near: What the neighbours' orders count.
        pull: How far the pull of all items ordered before counts.

    Returns:
        Logarithm of the chance that popularity, taste and repeats give plus what the guest's own
        orders, the neighbours and the cart add, raised or lowered by the situation; shape (q, n).
    """
    lifts = _sum_of(features, *(f"lift_{kind}" for kind in Context.KINDS))
    usual = np.exp(features[:, :, _AT["wish"]] - lifts)
    history = np.float32(own) * _sum_of(features, "past_share")
    history += np.float32(near) * _sum_of(features, "near_usual", "near_next")
    chance = usual + history + _sum_of(features, "ease_cart", "like_cart")
    score: Scores = np.log(np.maximum(chance, _LEAST * usual)) + lifts
    if pull:
        score += np.float32(pull) * features[:, :, _AT["pulled"]]
    return score


def _sum_of(features: Scores, *names: str) -> Scores:
    total: Scores = np.zeros(features.shape[:2], np.float32)
    for name in names:
        total += features[:, :, _AT[name]]
    return total


def _scores(state: State, queries: Queries) -> Mapping[str, Array]:
    """Give the simpler models' scores, taken apart."""
    popularity, rows = state.popularity, queries.rows
    excess = state.together.excess[queries.hotel]
    log_share = np.log(popularity.share[rows])
    logs = state.context.logs(queries)
    context = log_share + sum(logs[kind] for kind in Context.KINDS)
    taste = state.taste.log_lift(queries)
    repeat = np.where(queries.past_count > 0, state.repeat[rows], np.float32(0))
    return {
        "log_share": log_share,
        "trend": log_share - np.log(popularity.plain[rows]),
        "context": context,
        "taste": taste,
        "repeat": repeat,
        "wish": context + taste + repeat,
        **{f"lift_{kind}": log for kind, log in logs.items()},
        "stay_lift": queries.in_stay @ excess,
        "past_lift": queries.past_share @ excess,
        "ease_past": state.ease.from_past(queries),
        "pulled": state.sequence.pulled(queries),
        **dict(zip(_NEAR, state.neighbours.near(queries), strict=True)),
        "after_last": state.sequence.after_last(queries),
        "after_any": state.sequence.after_any(queries),
        "ease_cart": state.ease.from_cart(queries),
        "beside_cart": state.ease.beside_cart(queries),
        **dict(zip(_LIKE, state.baskets.beside(queries), strict=True)),
    }


_LIKE = ("like_cart", "likely_cart")
_NEAR = ("near_usual", "near_next", "nearer_usual", "nearer_next")


def _personal(state: State, queries: Queries) -> Mapping[str, Array]:
    """Give what the guest and the stay ordered of the item before."""
    menu = state.menus[queries.hotel]
    seen = queries.past_day != UNKNOWN
    usual = state.popularity.plain[queries.rows] * np.exp(state.repeat[queries.rows])
    last = queries.past_day.max(axis=1, initial=UNKNOWN)[:, None]
    since = np.where(queries.stay_count > 0, 0, queries.day[:, None] - queries.past_day)
    share = queries.past_count / np.maximum(queries.past_orders, 1).astype(np.float32)[:, None]
    return {
        "department_cart": menu.by_department(queries.cart),
        "own": queries.own,
        "missed": np.where(seen, queries.since * usual, np.float32(0)),
        "since": np.where(seen, queries.since, np.float32(np.nan)),
        "stay_count": queries.stay_count,
        "past_count": queries.past_count,
        "past_share": share,
        "days_since": np.where(seen, since, np.float32(np.nan)),
        "in_last": seen & (queries.past_day == last),
        "again": state.again[queries.rows],
        "department_stay": menu.by_department(queries.in_stay),
        "department_past": menu.by_department(share),
    }


def _item(state: State, queries: Queries) -> Mapping[str, Array]:
    first_day = state.catalog.first_day[queries.rows]
    age = np.clip(queries.day[:, None] - first_day, 0, _OLD)
    return {
        "price_level": state.menus[queries.hotel].price_level,
        "age": np.where(first_day == UNKNOWN, np.float32(np.nan), age),
    }


def _asked(state: State, queries: Queries) -> Mapping[str, Array]:
    known = (queries.nights >= 0) & (queries.stay_day >= 0)
    left = np.where(known, np.maximum(queries.nights - queries.stay_day, 0), UNKNOWN)
    return {
        "cart_items": queries.cart.sum(axis=1, keepdims=True),
        "past_orders": queries.past_orders[:, None],
        "past_items": np.count_nonzero(queries.past_count, axis=1)[:, None],
        "stay_items": np.count_nonzero(queries.stay_count, axis=1)[:, None],
        "hour": queries.hour[:, None],
        "stay_day": _or_nan(queries.stay_day),
        "nights_left": _or_nan(left),
        "adults": _or_nan(queries.adults),
        "family": _or_nan(queries.family),
        "menu_size": np.float32(state.menus[queries.hotel].offered),
        "hotel_orders": np.log1p(state.popularity.hotel_orders[queries.hotel]),
    }


def _or_nan(count: Codes) -> Array:
    return np.where(count < 0, np.float32(np.nan), count.astype(np.float32))[:, None]
