"""Recommender, model `context`: popularity, raised or lowered by hour, weekday, stay and party.

Orders go in; per item and situation a lift comes out: how much more often than usual the item is
ordered then. Lifts multiply popularity and are shrunk to 1 where there are few orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from nextloop.recommender.arrays import Array, Codes, Floats, Ints, Scores
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import Catalog, Interactions
from nextloop.recommender.popularity import Popularity
from nextloop.recommender.queries import Queries
from nextloop.recommender.shrinking import shrunk, strength

HOURS, WEEKDAYS, STAY_DAYS, PARTIES = 24, 7, 4, 4
ALONE, COUPLE, GROUP, FAMILY = range(PARTIES)
LEAVING = STAY_DAYS - 1


def stay_band(stay_day: Codes, nights: Codes) -> Codes:
    """Band the day of a stay: arrival, the next day, later, and the day of leaving.

    Args:
        stay_day: 0 on the day of arrival, negative if unknown.
        nights: Nights of the stay, negative if unknown.

    Returns:
        0 to 3, negative if the day is unknown.
    """
    leaves = (nights > 0) & (stay_day >= nights)
    return np.where(leaves, LEAVING, np.minimum(stay_day, LEAVING - 1)).astype(np.int32)


def party_band(adults: Codes, family: Codes) -> Codes:
    """Band a party: one adult, two, more, or with children; negative if adults are unknown."""
    by_adults = np.where(adults > 0, np.minimum(adults, GROUP + 1) - 1, -1)
    return np.where(family > 0, FAMILY, by_adults).astype(np.int32)


@dataclass(frozen=True, eq=False)
class Lifts:
    """One kind of situation: how often each item is ordered in each of its bands.

    Args:
        count: Orders with the item in the band, shape (n_items, n_bands).
        total: Orders of the hotel in the band, shape (n_hotels, n_bands).
        log: Logarithm of the shrunk lift, shape (n_items, n_bands).
    """

    count: Codes
    total: Codes
    log: Scores

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        catalog: Catalog,
        band: Codes,
        smooth: Floats,
    ) -> Self:
        """Count orders by item and band, and compare with all orders whose band is known.

        A lift is (observed + s * prior) / (expected + s): the mean of a rate with a Gamma prior. An
        item's prior is the lift of its name over all hotels, the name's is its departments' lift,
        since a closed kitchen closes all its items; the department's is 1. How much each of the
        three priors is worth is learned (docs/decisions/0019).

        Args:
            interactions: The orders to learn from.
            catalog: The hotels' items.
            band: Band of each order, negative if unknown.
            smooth: How much a band sees of each band, shape (n_bands, n_bands).

        Returns:
            Counts and lifts.
        """
        n_bands, known = len(smooth), band >= 0
        of_line = band[interactions.line_order]
        lines = of_line >= 0
        cell = interactions.item[lines].astype(np.int64) * n_bands + of_line[lines]
        count = np.bincount(cell, minlength=catalog.n_items * n_bands).reshape(-1, n_bands)
        cell = interactions.hotel[known].astype(np.int64) * n_bands + band[known]
        total = np.bincount(cell, minlength=len(catalog.hotel) * n_bands).reshape(-1, n_bands)
        every = np.repeat(total, np.diff(catalog.start), axis=0)
        share = count.sum(axis=1) / np.maximum(every.sum(axis=1), 1)
        plain: Floats = share[:, None] * every
        seen: Floats = count.astype(np.float64)
        counts = (seen, plain, seen @ smooth.T, plain @ smooth.T)
        prior = _prior(catalog.departments, counts, np.ones_like(plain))
        prior = prior * _prior(catalog.names, counts, prior)
        log = np.log(_rates(counts, prior))
        return cls(count.astype(np.int32), total.astype(np.int32), log.astype(np.float32))

    def log_of(self, rows: slice, band: Codes) -> Scores:
        """Look up the logarithm of the lift, 0 where the band is unknown.

        Args:
            rows: Rows of a hotel's items.
            band: Bands, negative if unknown, shape (q,).

        Returns:
            Shape (q, n).
        """
        looked_up: Scores = self.log[rows].T[np.maximum(band, 0)]
        if band.min(initial=0) < 0:
            looked_up[band < 0] = 0
        return looked_up


def _by(group: Ints, value: Floats) -> Floats:
    total: Floats = np.zeros((int(group.max(initial=-1)) + 1, value.shape[1]))
    np.add.at(total, group, value)
    return total


_Counts = tuple[Floats, Floats, Floats, Floats]
"""Orders by item and band, what is usual, and both smoothed."""


def _rates(counts: _Counts, prior: Floats) -> Floats:
    """Shrink smoothed counts as far as the counts themselves say."""
    seen, usual, observed, expected = counts
    return shrunk(observed, expected, prior, strength(seen, usual, prior))


def _prior(group: Ints, counts: _Counts, wanted: Floats) -> Floats:
    """Give each item the rate of its group, over what its items' priors alone would make of it."""
    seen, usual, observed, expected = counts
    parts = (_by(group, part) for part in (seen, usual * wanted, observed, expected * wanted))
    of_group = (next(parts), next(parts), next(parts), next(parts))
    return _rates(of_group, np.ones_like(of_group[0]))[group]


@dataclass(frozen=True, eq=False)
class Context:
    """Popularity times the lifts of the situation.

    Args:
        popularity: The popularity that the lifts multiply.
        hour: Lifts by hour, smoothed around the clock.
        weekday: Lifts by weekday.
        stay: Lifts by day of the stay.
        party: Lifts by party.
    """

    popularity: Popularity
    hour: Lifts
    weekday: Lifts
    stay: Lifts
    party: Lifts

    name: ClassVar[str] = "context"
    KINDS: ClassVar[tuple[str, ...]] = ("hour", "weekday", "stay", "party")

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        catalog: Catalog,
        config: TrainingConfig,
        popularity: Popularity,
    ) -> Self:
        """Count orders by situation.

        Args:
            interactions: The orders to learn from.
            catalog: The hotels' items.
            config: Width of the smoothing.
            popularity: Popularity fitted on the same orders.

        Returns:
            The fitted model.
        """
        t = interactions
        bands = {
            "hour": (t.hour, around_the_clock(config.hour_width)),
            "weekday": (t.weekday, np.eye(WEEKDAYS)),
            "stay": (stay_band(t.stay_day, t.nights), np.eye(STAY_DAYS)),
            "party": (party_band(t.adults, t.family), np.eye(PARTIES)),
        }
        lifts = {
            kind: Lifts.fit(t, catalog, band, smooth) for kind, (band, smooth) in bands.items()
        }
        return cls(popularity, **lifts)

    def logs(self, queries: Queries) -> dict[str, Scores]:
        """Look up the logarithms of all lifts.

        Args:
            queries: Queries to one hotel.

        Returns:
            One matrix (q, n) for each of `KINDS`.
        """
        bands = {
            "hour": queries.hour,
            "weekday": queries.weekday,
            "stay": stay_band(queries.stay_day, queries.nights),
            "party": party_band(queries.adults, queries.family),
        }
        return {kind: getattr(self, kind).log_of(queries.rows, bands[kind]) for kind in self.KINDS}

    def score(self, queries: Queries) -> Scores:
        """Score as `Model.score` says: logarithm of popularity times lifts."""
        score = np.log(self.popularity.score(queries))
        for log in self.logs(queries).values():
            score = score + log
        return score

    def arrays(self) -> dict[str, Array]:
        """Give the arrays to store, by name; popularity's are stored with it."""
        return {
            f"{kind}_{part}": getattr(getattr(self, kind), part)
            for kind in self.KINDS
            for part in ("count", "total", "log")
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, Array], popularity: Popularity) -> Self:
        """Make the model from what `arrays` gave and its popularity."""
        lifts = {
            kind: Lifts(*(arrays[f"{kind}_{part}"] for part in ("count", "total", "log")))
            for kind in cls.KINDS
        }
        return cls(popularity, **lifts)


def around_the_clock(width: float) -> Floats:
    """Give normal weights of the distance between hours, 23 h and 0 h being neighbours.

    Args:
        width: Standard deviation in hours, more than 0.

    Returns:
        Weights, 1 at distance 0, shape (24, 24).
    """
    hours: Ints = np.arange(HOURS)
    apart = np.abs(hours[:, None] - hours[None, :])
    apart = np.minimum(apart, HOURS - apart)
    weight: Floats = np.exp(-0.5 * (apart / width) ** 2)
    return weight
