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

HOURS, WEEKDAYS, STAY_DAYS, PARTIES = 24, 7, 4, 4
ALONE, COUPLE, GROUP, FAMILY = range(PARTIES)


def stay_band(stay_day: Codes) -> Codes:
    """Band the day of a stay: 0, 1, 2, and 3 for later; unknown stays negative."""
    return np.minimum(stay_day, STAY_DAYS - 1)


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
        strength: float,
    ) -> Self:
        """Count orders by item and band, and compare with all orders whose band is known.

        A lift is (observed + s * prior) / (expected + s): the mean of a rate with a Gamma prior. An
        item's prior is the lift of its name over all hotels, the name's is its departments' lift,
        since a closed kitchen closes all its items; the department's is 1.

        Args:
            interactions: The orders to learn from.
            catalog: The hotels' items.
            band: Band of each order, negative if unknown.
            smooth: How much a band sees of each band, shape (n_bands, n_bands).
            strength: The prior's weight s, in expected orders.

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
        observed, expected = count @ smooth.T, share[:, None] * (every @ smooth.T)
        name, group = catalog.names, catalog.departments
        prior = _lift(_by(group, observed), _by(group, expected), 1.0, strength)[group]
        wanted = _by(name, expected * prior)  # what the departments alone would make of the name
        prior = prior * _lift(_by(name, observed), wanted, 1.0, strength)[name]
        log = np.log(_lift(observed, expected, prior, strength))
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


def _lift(observed: Floats, expected: Floats, prior: Floats | float, strength: float) -> Floats:
    return (observed + strength * prior) / (expected + strength)


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
            config: Width of the smoothing and strength of the shrinking.
            popularity: Popularity fitted on the same orders.

        Returns:
            The fitted model.
        """
        t, s = interactions, config.context_strength
        bands = {
            "hour": (t.hour, around_the_clock(config.hour_width)),
            "weekday": (t.weekday, np.eye(WEEKDAYS)),
            "stay": (stay_band(t.stay_day), np.eye(STAY_DAYS)),
            "party": (party_band(t.adults, t.family), np.eye(PARTIES)),
        }
        lifts = {
            kind: Lifts.fit(t, catalog, band, smooth, s) for kind, (band, smooth) in bands.items()
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
            "stay": stay_band(queries.stay_day),
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
