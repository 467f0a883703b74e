"""Recommender: asks a trained model what guests might ask, before any guest does.

A bundle goes in; what is wrong with its answers and how long they took come out. The questions
are made from the bundle itself: every hotel, the meals of a day, guests known and unknown.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from nextloop.recommender.answer import Answer
from nextloop.recommender.asking import Query
from nextloop.recommender.bundle import Bundle
from nextloop.recommender.threads import limited

_HOURS: Final = (8, 13, 19, 23)
_MONDAY, _SATURDAY = 0, 5
_MOST_HOTELS: Final = 50
_K: Final = 10
_ROUNDS: Final = 3


@dataclass(frozen=True)
class Rehearsal:
    """What the answers were like.

    Args:
        cases: How many questions were asked.
        faults: What is wrong, one sentence each; empty if all is sane.
        p99_milliseconds: Of the processor time of an answer.
    """

    cases: int
    faults: tuple[str, ...]
    p99_milliseconds: float


def rehearse(bundle: Bundle) -> Rehearsal:
    """Ask golden cases and judge the answers.

    Args:
        bundle: The model as it would serve.

    Returns:
        What is wrong with them, and how quick they were.
    """
    queries = list(questions(bundle))
    faults = dict.fromkeys(fault for query in queries for fault in _wrong(bundle, query))
    seconds = list[float]()
    with limited(1):  # as the API answers
        for query in queries * _ROUNDS:
            started = time.thread_time()  # what others do on this machine is no fault of the model
            bundle.recommend(query)
            seconds.append(time.thread_time() - started)
    slow = float(np.quantile(seconds, 0.99)) * 1000 if seconds else 0.0
    return Rehearsal(len(queries), tuple(faults), slow)


def questions(bundle: Bundle) -> Iterator[Query]:
    """Make the golden cases: at most fifty hotels, eight moments, with and without a known guest.

    Args:
        bundle: Of which hotels and guests.

    Yields:
        The questions, the same ones for equal bundles.
    """
    hotels = bundle.hotels
    step = max(1, math.ceil(len(hotels) / _MOST_HOTELS))
    for code in range(0, len(hotels), step):
        guest = _known_guest(bundle, code)
        for hour in _HOURS:
            for weekday in (_MONDAY, _SATURDAY):
                query = Query(hotel=hotels[code], at=(hour, weekday), k=_K)
                yield query
                if guest:
                    yield replace(query, guest=guest, stay_day=1, nights=2, adults=2)


def _known_guest(bundle: Bundle, code: int) -> str | None:
    start, end = bundle.guests.hotel_start[code : code + 2]
    key = bundle.guests.key[start] if end > start else None
    if key is None:
        return None
    return key.decode() if isinstance(key, bytes) else str(key)


def _wrong(bundle: Bundle, query: Query) -> Iterator[str]:
    """Judge one answer: a full list of the hotel's own items, in order, the same each time."""
    where = f"hotel {query.hotel}"
    catalog = bundle.state.catalog
    rows = catalog.rows(catalog.hotel_code(query.hotel))
    menu = set(catalog.item[rows][catalog.offered[rows]].tolist())
    answer = bundle.recommend(query)
    items = [offer.item for offer in answer.offers]
    scores = [offer.score for offer in answer.offers]
    if len(items) != min(_K, len(menu)):
        yield f"{where}: {len(items)} offers of a menu of {len(menu)}"
    if len(set(items)) != len(items) or not set(items) <= menu:
        yield f"{where}: an item twice, or one that is not on the menu"
    if not all(map(math.isfinite, scores)):
        yield f"{where}: a score that is no number"
    elif scores != sorted(scores, reverse=True):
        yield f"{where}: offers out of order"
    if items != [offer.item for offer in bundle.recommend(query).offers]:
        yield f"{where}: two answers to one question"
    yield from _excluding(bundle, query, answer)


def _excluding(bundle: Bundle, query: Query, answer: Answer) -> Iterator[str]:
    if answer.offers:
        first = answer.offers[0].item
        left = bundle.recommend(replace(query, exclude=frozenset({first}))).offers
        if first in {offer.item for offer in left}:
            yield f"hotel {query.hotel}: an excluded item was offered"
