"""Recommender, model `context`: popularity, raised or lowered by hour, weekday, stay and party.

Orders go in; per item and situation a lift comes out (`lifts.py`): how much more often than usual
the item is ordered then. Lifts multiply popularity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from nextloop.recommender.arrays import Array, Codes, Floats, Ints, Scores
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import Catalog, Interactions
from nextloop.recommender.lifts import Lifts, fit
from nextloop.recommender.popularity import Popularity
from nextloop.recommender.queries import Queries

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
        smooth = {
            "hour": around_the_clock(config.hour_width),
            "weekday": np.eye(WEEKDAYS),
            "stay": np.eye(STAY_DAYS),
            "party": np.eye(PARTIES),
        }
        lifts = fit(interactions, catalog, _bands(interactions), smooth)
        return cls(popularity, **lifts)

    def logs(self, queries: Queries) -> dict[str, Scores]:
        """Look up the logarithms of all lifts.

        Args:
            queries: Queries to one hotel.

        Returns:
            One matrix (q, n) for each of `KINDS`.
        """
        bands = _bands(queries)
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


def _bands(asked: Interactions | Queries) -> dict[str, Codes]:
    """Band orders, or questions, by each of `Context.KINDS`."""
    return {
        "hour": asked.hour,
        "weekday": asked.weekday,
        "stay": stay_band(asked.stay_day, asked.nights),
        "party": party_band(asked.adults, asked.family),
    }


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
