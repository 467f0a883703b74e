"""What requests and offers are like, beside what training was like: for drift and coverage.

In come a loaded model, then its queries and answers; out go counters by feature and band, their
expected shares, and how many of the model's items were offered. Nothing of a guest is kept: bands
are few, and an offered item is a mark in an array.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import numpy as np
from prometheus_client import Counter, Gauge

from nextloop.recommender.answer import Answer
from nextloop.recommender.arrays import Array, Floats, Ints
from nextloop.recommender.asking import Query
from nextloop.recommender.bundle import Bundle
from nextloop.recommender.context import STAY_DAYS
from nextloop.recommender.rehearsal import questions

HOUR_BAND: Final = 3
# An item's place in its hotel by popularity: what the first place gets is a story of its own.
_PLACES: Final = (2, 4, 11, 31)
_BANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "hour": tuple(f"{hour:02}-{hour + HOUR_BAND - 1:02}" for hour in range(0, 24, HOUR_BAND)),
    "weekday": tuple(map(str, range(7))),
    "stay_day": ("0", "1", "2", "3+"),
    "party": ("alone", "couple", "group", "family"),
    "offer": ("1", "2-3", "4-10", "11-30", "31+"),
}
_ALONE, _GROUP, _FAMILY = 1, 3, 3
_MOST_QUESTIONS: Final = 50  # 25 ms before the model is ready


class Drift:
    """Counts what one model is asked and offers.

    Args:
        bundle: The model.
        values: Counts values by feature, band, slot and version.
        expected: Takes their shares in training.
        who: Slot and version.
    """

    def __init__(
        self, bundle: Bundle, values: Counter, expected: Gauge, who: tuple[str, str]
    ) -> None:
        self.catalog = bundle.state.catalog
        self.offered = np.zeros(self.catalog.n_items, bool)
        self._popularity = _popularity_bands(bundle)
        self._counts = {
            feature: [values.labels(feature, band, *who) for band in bands]
            for feature, bands in _BANDS.items()
        }
        for feature, counted in self._expected(bundle).items():
            for band, share in zip(_BANDS[feature], _shares(counted), strict=True):
                expected.labels(feature, band, *who).set(share)

    def seen(self, query: Query, answer: Answer) -> None:
        """Count one request and its answer.

        Args:
            query: What was asked.
            answer: What was offered.
        """
        counts = self._counts
        hour, weekday = _moment(query)
        counts["hour"][hour // HOUR_BAND].inc()
        counts["weekday"][weekday].inc()
        if query.stay_day is not None:
            counts["stay_day"][min(query.stay_day, STAY_DAYS - 1)].inc()
        party = _party(query)
        if party is not None:
            counts["party"][party].inc()
        rows = self._rows(query, answer)
        self.offered[rows] = True
        for band in self._popularity[rows].tolist():
            counts["offer"][band].inc()

    def _rows(self, query: Query, answer: Answer) -> Ints:
        """Find the offered items in the catalog."""
        hotel = self.catalog.hotel_code(query.hotel)
        items = np.array([offer.item for offer in answer.offers], np.int64)
        rows: Ints = self.catalog.places(hotel, items) + self.catalog.start[hotel]
        return rows

    def _expected(self, bundle: Bundle) -> Mapping[str, Array]:
        """Count what training had: the orders' situations, and offers to examination questions."""
        context = bundle.state.context
        asked = list(questions(bundle))
        chosen = asked[:: max(1, -(-len(asked) // _MOST_QUESTIONS))]
        rows = [self._rows(query, bundle.recommend(query)) for query in chosen]
        bands = self._popularity[np.concatenate(rows)] if rows else np.zeros(0, np.int64)
        return {
            "hour": context.hour.total.sum(axis=0).reshape(-1, HOUR_BAND).sum(axis=1),
            "weekday": context.weekday.total.sum(axis=0),
            "stay_day": context.stay.total.sum(axis=0),
            "party": context.party.total.sum(axis=0),
            "offer": np.bincount(bands, minlength=len(_BANDS["offer"])),
        }


def _popularity_bands(bundle: Bundle) -> Ints:
    """Band each item by its place in its hotel's popularity, shape (n_items,)."""
    catalog = bundle.state.catalog
    sizes = np.diff(catalog.start)
    hotel = np.repeat(np.arange(len(sizes)), sizes)
    best_first = np.lexsort((-bundle.state.popularity.share, hotel))
    place = np.empty(catalog.n_items, np.int64)
    place[best_first] = np.arange(catalog.n_items) - np.repeat(catalog.start[:-1], sizes) + 1
    return np.digitize(place, _PLACES)


def _shares(counted: Array) -> list[float]:
    """Divide by the sum; a feature that nobody recorded expects nothing."""
    total = counted.sum()
    shares: Floats = counted / total if total else np.zeros(len(counted))
    return [float(share) for share in shares]


def _moment(query: Query) -> tuple[int, int]:
    if isinstance(query.at, datetime):
        return query.at.hour, query.at.weekday()
    return query.at


def _party(query: Query) -> int | None:
    """Band as training does (`recommender.context.party_band`), without arrays."""
    if (query.children or 0) + (query.babies or 0) > 0:
        return _FAMILY
    return min(query.adults, _GROUP) - _ALONE if query.adults else None
