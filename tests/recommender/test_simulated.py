"""What was planted in simulated hotels is found again in what a training counts.

The truth's own numbers are the measure: they were drawn before the orders, and reach the
recommender only through order files, ingest and features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from nextloop import settings, simulator
from nextloop.features.reader import read_arrow
from nextloop.jobs.features import features, newest_date
from nextloop.jobs.ingest import ingest
from nextloop.recommender.arrow import from_arrow
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.context import FAMILY
from nextloop.recommender.state import State
from nextloop.simulator import SimulatorConfig, truth
from nextloop.simulator.truth import Truth
from nextloop.storage.lake import open_lake
from nextloop.tables import INTERACTIONS, ITEM_FEATURES

pytestmark = pytest.mark.slow
WORLD = SimulatorConfig(hotels=3, weeks=8, orders=24_000, seed=23)


@dataclass(frozen=True)
class Hotel:
    """A hotel's rows among what was counted, and the same items' places in its truth."""

    state: State
    truth: Truth
    seq: int
    code: int

    @property
    def rows(self):
        """Rows of the hotel's items that were ordered often enough to say something."""
        rows = np.arange(*self.state.catalog.start[self.code : self.code + 2])
        often = self.state.popularity.orders[rows] >= 30
        return rows[often & self.state.catalog.offered[rows]]

    @property
    def places(self):
        """Places of the same items in the truth's menu."""
        menu = np.array(self.truth.items(self.seq)["item_seq"].to_pylist())
        return np.searchsorted(menu, self.state.catalog.item[self.rows])

    @property
    def planted(self):
        """The truth's preferences."""
        return self.truth.preferences[self.seq]


@pytest.fixture(scope="module")
def hotels(tmp_path_factory):
    """Simulated hotels, taken in, and counted as a training counts."""
    folder = tmp_path_factory.mktemp("simulated")
    landing, known, lake = (folder / name for name in ("landing", "truth", "lake"))
    simulator.write(simulator.simulate(WORLD), landing, known)
    given = {"landing": str(landing), "lake": str(lake), "privacy.guest_key": "simulated-" * 4}
    chosen = settings.load(given)
    ingest(chosen)
    features(chosen, newest_date(chosen))
    opened = open_lake(str(lake))
    data = from_arrow(read_arrow(opened, INTERACTIONS), read_arrow(opened, ITEM_FEATURES))
    state = State.fit(data.interactions, data.catalog, TrainingConfig(), data.as_of)
    told = truth.load(known)
    return [
        Hotel(state, told, int(seq), code) for code, seq in enumerate(data.catalog.hotel.tolist())
    ]


def _alike(found, planted):
    """Correlate what was found with what was planted."""
    return float(np.corrcoef(np.ravel(found), np.ravel(planted))[0, 1])


def _centred(effect, weight):
    """Give effects over the mean of each row: a lift says how much more than usual."""
    return effect - (effect * weight).sum(axis=1, keepdims=True) / weight.sum()


def _above(found, planted):
    """Give how often one of the third planted highest is found above one of the lowest third.

    Half the time by chance.
    """
    low, high = np.quantile(planted, [1 / 3, 2 / 3])
    some, other = found[planted >= high], found[planted <= low]
    return float((some[:, None] > other[None, :]).mean())


def test_the_hours_are_recovered(hotels):
    """Where an item is served, its lifts by hour follow the planted ones."""
    for hotel in hotels:
        planted = hotel.planted.hour[hotel.planted.category[hotel.places], 0]
        told = np.isfinite(planted) & (hotel.planted.hour_share[0] > 0.02)
        found = hotel.state.context.hour.log[hotel.rows]

        assert _alike(found[told], planted[told]) > 0.7
        served = np.isfinite(planted)
        assert np.exp(found[~served]).mean() < 0.2 * np.exp(found[served]).mean()


def test_the_parties_are_recovered(hotels):
    """Lifts by party follow the planted ones, families' above all."""
    for hotel in hotels:
        weight = hotel.state.context.party.total[hotel.code]
        effect = hotel.planted.party[hotel.planted.category[hotel.places]]
        planted = _centred(effect, weight)
        found = _centred(hotel.state.context.party.log[hotel.rows], weight)

        assert _alike(found, planted) > 0.7
        assert _alike(found[:, FAMILY], planted[:, FAMILY]) > 0.7


def test_the_pairs_are_recovered(hotels):
    """What was planted to go together in an order is found above what was not."""
    for hotel in hotels:
        place = hotel.rows - hotel.state.catalog.start[hotel.code]
        apart = ~np.eye(len(place), dtype=bool)
        planted = hotel.planted.pair[np.ix_(hotel.places, hotel.places)][apart]
        found = hotel.state.ease.excess[hotel.code][np.ix_(place, place)][apart]

        assert _alike(found, planted) > 0.3  # most of the pairs stand in a handful of orders


def test_the_repeats_are_recovered(hotels):
    """What its guests were planted to want again is found above what they were not."""
    for hotel in hotels:
        planted = hotel.planted.repeat[hotel.places]

        assert _above(hotel.state.repeat[hotel.rows], planted) > 0.7
