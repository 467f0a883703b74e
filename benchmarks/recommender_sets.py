"""Data sets of the recommender's benchmark, each as a dataset with its split.

In come files (next-basket sets with fixed splits, landings with order files) or the simulator's
numbers; out go the same arrays that `nextloop train` learns from. Landings and simulated hotels go
through the chain's own ingest and features.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nextloop import settings, simulator
from nextloop.features.reader import read_arrow
from nextloop.jobs.features import features, newest_date
from nextloop.jobs.ingest import ingest
from nextloop.recommender.arrays import Floats, Ints
from nextloop.recommender.arrow import from_arrow
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import UNKNOWN, Catalog, Dataset, Interactions
from nextloop.recommender.split import Split
from nextloop.simulator import SimulatorConfig, truth
from nextloop.storage.lake import open_lake
from nextloop.tables import INTERACTIONS, ITEM_FEATURES

Truth = Callable[[int, Ints], Floats]


@dataclass(frozen=True)
class DataSet:
    """One data set, ready to train and judge on.

    Args:
        name: As in the table.
        dataset: What is learned from.
        split: Which orders teach and which are asked.
        config: The training's numbers; what differs from the defaults was chosen on the
            validation.
        by_cart: Whether the missing item of an order is asked for instead of whole orders.
        tifu: Neighbours and own weight of TIFU-kNN, chosen on the validation.
        truth: For simulated hotels the chances of a hotel's items before some orders.
    """

    name: str
    dataset: Dataset
    split: Split
    config: TrainingConfig
    by_cart: bool = False
    tifu: tuple[int, float] = (100, 0.3)
    truth: Truth | None = None


def baskets(file: Path, name: str, config: TrainingConfig, tifu: tuple[int, float]) -> DataSet:
    """Read a next-basket set of DNNTSP: one hotel without times, prices or departments.

    The last basket of each user of `train` teaches the ranker; nothing of `validate` and `test`
    is counted, their users' earlier baskets are only looked back at.
    """
    with gzip.open(file) as opened:
        parts = json.load(opened)
    rows = sorted(
        (place, number, f"{part}:{user}", part, place == len(bought) - 1, sorted(set(basket)))
        for part in ("train", "validate", "test")
        for number, (user, bought) in enumerate(parts[part].items())
        for place, basket in enumerate(bought)
    )
    items = np.array(sorted({item for row in rows for item in row[5]}))
    keys = sorted({row[2] for row in rows})
    code = {key: number for number, key in enumerate(keys)}
    n, size = len(rows), np.array([len(row[5]) for row in rows])

    def same(value: int) -> Any:
        return np.full(n, value, np.int32)

    orders = Interactions(
        order_seq=np.arange(n),
        hotel=same(0),
        guest=np.array([code[row[2]] for row in rows], np.int32),
        stay=np.arange(n, dtype=np.int32),
        at=np.array([row[0] for row in rows]),
        day=same(0), hour=same(12), weekday=same(0),
        stay_day=same(UNKNOWN), nights=same(UNKNOWN), adults=same(UNKNOWN),
        children=same(UNKNOWN), babies=same(UNKNOWN),
        start=np.append(0, np.cumsum(size)),
        item=np.searchsorted(items, np.concatenate([row[5] for row in rows])).astype(np.int32),
    )  # fmt: skip
    m = len(items)
    catalog = Catalog(
        hotel=np.array([1]), start=np.array([0, m]), item=items, name=("",) * m,
        department=np.full(m, UNKNOWN), price=np.ones(m, np.int64),
        first_day=np.full(m, UNKNOWN, np.int32), offered=np.ones(m, bool),
    )  # fmt: skip
    part = np.array([row[3] for row in rows])
    last = np.array([row[4] for row in rows])
    teaches = part == "train"
    split = Split(
        1, 1, teaches, (part == "validate") & last, teaches, (part == "test") & last, teaches & last
    )
    guests = np.zeros(len(keys), np.int32)
    dataset = Dataset(catalog, orders, np.array(keys, "S"), guests, 1)
    return DataSet(name, dataset, split, config, tifu=tifu)


def orders_of(landing: Path, scratch: Path) -> Dataset:
    """Take a landing in and make features of it, as `nextloop run` does."""
    lake = scratch / "lake"
    chosen = settings.load(
        {"landing": str(landing), "lake": str(lake), "privacy.guest_key": "benchmark-" * 4}
    )
    ingest(chosen)
    features(chosen, newest_date(chosen))
    return read_lake(lake)


def read_lake(lake: Path) -> Dataset:
    """Read the features of the latest date, as `nextloop train` does."""
    opened = open_lake(str(lake))
    return from_arrow(read_arrow(opened, INTERACTIONS), read_arrow(opened, ITEM_FEATURES))


def by_time(dataset: Dataset, config: TrainingConfig, name: str) -> DataSet:
    """Hold out the last days, as `nextloop train` does."""
    return DataSet(name, dataset, Split.of(dataset.interactions, config), config)


def completion(dataset: Dataset, config: TrainingConfig, name: str) -> DataSet:
    """Hold out the last fifth of the orders, and a tenth before it to validate by."""
    place, n = np.arange(len(dataset.interactions)), len(dataset.interactions)
    validation, test = int(n * 0.7), int(n * 0.8)
    day = dataset.interactions.day
    split = Split(
        int(day[validation]),
        int(day[test]),
        place < validation,
        (place >= validation) & (place < test),
        place < test,
        place >= test,
    )
    return DataSet(name, dataset, split, config, by_cart=True)


def simulated(scratch: Path, config: TrainingConfig, world: SimulatorConfig, name: str) -> DataSet:
    """Simulate hotels, take them in, and keep the truth to compare with."""
    landing, known = scratch / "landing", scratch / "truth"
    simulator.write(simulator.simulate(world), landing, known)
    dataset = orders_of(landing, scratch)
    told = truth.load(known)
    catalog, orders = dataset.catalog, dataset.interactions

    def chances(hotel: int, asked: Ints) -> Floats:
        number = int(catalog.hotel[hotel])
        contexts = told.contexts(number, orders.order_seq[asked], basket_lines=0)
        items = np.array(told.items(number)["item_seq"].to_pylist())
        place = np.searchsorted(items, catalog.item[catalog.rows(hotel)])
        return told.probabilities(number, contexts)[:, place]

    made = by_time(dataset, config, name)
    return DataSet(name, dataset, made.split, config, truth=chances)
