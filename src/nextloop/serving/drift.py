"""What requests and offers are like, beside what training was like: for drift and coverage.

In come a loaded model, then its queries and answers; out go, at each scrape, counts by feature and
band, their expected shares, and how many of the model's items were offered. Nothing of a guest is
kept: bands are few, and an offered item is a mark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Final

import numpy as np
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from nextloop.recommender.answer import Answer
from nextloop.recommender.arrays import Array, Floats, Ints
from nextloop.recommender.asking import Query
from nextloop.recommender.bundle import Bundle
from nextloop.recommender.context import STAY_DAYS
from nextloop.recommender.rehearsal import questions
from nextloop.telemetry.metrics import (
    FEATURE_EXPECTED,
    FEATURE_VALUES,
    MODEL_ITEMS,
    OFFERED_ITEMS,
)

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
_MOST_QUESTIONS: Final = 50  # 50 ms before the model is ready


class Drift(Collector):
    """Counts what one model is asked and offers.

    Counts are plain numbers, which `collect` makes samples of: an instrument's lock and checks for
    each of fifteen values would cost a request more than all else that is measured.

    Args:
        bundle: The model.
        who: Slot and version.
    """

    def __init__(self, bundle: Bundle, who: tuple[str, str]) -> None:
        self._who = who
        self._catalog = bundle.state.catalog
        self._items = int(self._catalog.offered.sum())
        self._offered = bytearray(self._catalog.n_items)
        self._popularity = bytes(_popularity_bands(bundle).tolist())
        self._menus: dict[int, dict[int, int]] = {}
        self._counts = {feature: [0] * len(bands) for feature, bands in _BANDS.items()}
        self._shares = {name: _shares(counted) for name, counted in self._expected(bundle).items()}

    def seen(self, query: Query, answer: Answer) -> None:
        """Count one request and its answer.

        Args:
            query: What was asked.
            answer: What was offered.
        """
        counts = self._counts
        hour, weekday = _moment(query)
        counts["hour"][hour // HOUR_BAND] += 1
        counts["weekday"][weekday] += 1
        if query.stay_day is not None:
            counts["stay_day"][min(query.stay_day, STAY_DAYS - 1)] += 1
        party = _party(query)
        if party is not None:
            counts["party"][party] += 1
        menu, offers, popularity = self._menu(query.hotel), counts["offer"], self._popularity
        for offer in answer.offers:
            row = menu[offer.item]
            self._offered[row] = 1
            offers[popularity[row]] += 1

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Give what was counted, for a scrape.

        Yields:
            One family a metric.
        """
        values = CounterMetricFamily(
            FEATURE_VALUES.name, FEATURE_VALUES.help, labels=FEATURE_VALUES.labels
        )
        expected = GaugeMetricFamily(
            FEATURE_EXPECTED.name, FEATURE_EXPECTED.help, labels=FEATURE_EXPECTED.labels
        )
        for feature, bands in _BANDS.items():
            for place, band in enumerate(bands):
                values.add_metric((feature, band, *self._who), self._counts[feature][place])
                expected.add_metric((feature, band, *self._who), self._shares[feature][place])
        yield values
        yield expected
        for metric, value in ((MODEL_ITEMS, self._items), (OFFERED_ITEMS, sum(self._offered))):
            family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
            family.add_metric(self._who, value)
            yield family

    def _menu(self, hotel: int) -> Mapping[int, int]:
        """Give a hotel's items with their rows in the catalog."""
        menu = self._menus.get(hotel)
        if menu is None:
            rows = self._catalog.rows(self._catalog.hotel_code(hotel))
            numbers = range(rows.start, rows.stop)
            menu = dict(zip(self._catalog.item[rows].tolist(), numbers, strict=True))
            self._menus[hotel] = menu
        return menu

    def _expected(self, bundle: Bundle) -> Mapping[str, Array]:
        """Count what training had: the orders' situations, and offers to examination questions."""
        context = bundle.state.context
        asked = list(questions(bundle))
        step = max(1, -(-len(asked) // _MOST_QUESTIONS))
        offers = np.zeros(len(_BANDS["offer"]), np.int64)
        for query in islice(asked, 0, None, step):
            menu = self._menu(query.hotel)
            for offer in bundle.recommend(query).offers:
                offers[self._popularity[menu[offer.item]]] += 1
        return {
            "hour": context.hour.total.sum(axis=0).reshape(-1, HOUR_BAND).sum(axis=1),
            "weekday": context.weekday.total.sum(axis=0),
            "stay_day": context.stay.total.sum(axis=0),
            "party": context.party.total.sum(axis=0),
            "offer": offers,
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
