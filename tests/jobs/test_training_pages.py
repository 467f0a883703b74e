"""A training's report says what was measured and learned, and its pictures stand alone."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from nextloop.jobs.training_pages import training_pages
from nextloop.jobs.tuning import SEARCHED, tuned
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import UNKNOWN, Catalog, Dataset, Interactions
from nextloop.recommender.training import train
from nextloop.settings import RecommenderSettings

QUICK = TrainingConfig(
    validation_orders=100, training_orders=400, trees=40, min_leaf_rows=20, bootstrap=20,
    min_training_orders=50, evaluation_orders=200,
)  # fmt: skip
AS_OF = dt.date(2026, 3, 1)


@pytest.fixture(scope="module")
def dataset():
    """Ten weeks of one hotel: what is ordered goes with the hour, the first two go together."""
    rng, n = np.random.default_rng(3), 1200
    day = np.sort(rng.integers(0, 70, n)).astype(np.int32)
    hour = rng.choice([8, 13, 20], n).astype(np.int32)
    held = [
        sorted({0, 1} if rng.random() < 0.3 else {int(h) % 7 + 2, int(rng.integers(2, 12))})
        for h in hour
    ]
    size = np.array([len(items) for items in held])

    def unknown():
        return np.full(n, UNKNOWN, np.int32)

    orders = Interactions(
        order_seq=np.arange(n), hotel=np.zeros(n, np.int32),
        guest=np.arange(n, dtype=np.int32) % 300, stay=np.arange(n, dtype=np.int32),
        at=day.astype(np.int64) * 24 + np.arange(n), day=day, hour=hour, weekday=day % 7,
        stay_day=unknown(), nights=unknown(), adults=unknown(), children=unknown(),
        babies=unknown(), start=np.append(0, np.cumsum(size)),
        item=np.concatenate(held).astype(np.int32),
    )  # fmt: skip
    catalog = Catalog(
        hotel=np.array([1]), start=np.array([0, 12]), item=np.arange(12),
        name=("죽 <b>&amp;</b>", *(f"dish {i}" for i in range(11))), department=np.ones(12, int),
        price=np.full(12, 9000), first_day=np.zeros(12, np.int32), offered=np.ones(12, bool),
    )  # fmt: skip
    keys = np.array([f"{i:064x}" for i in range(300)], "S")
    return Dataset(catalog, orders, keys, np.zeros(300, np.int32), 69)


@pytest.fixture(scope="module")
def pages(dataset):
    """The report of a quick training."""
    return training_pages(train(dataset, QUICK), QUICK, AS_OF)


def test_each_chart_is_a_picture_of_its_own(pages):
    """Metrics, history, hours, pairs and what decides are SVG files that parse alone."""
    wanted = {"next-order", "missing-item", "by-history", "hours", "pairs", "opening"}
    assert {f"pictures/{name}.svg" for name in wanted} <= set(pages)
    for path, text in pages.items():
        if path.endswith(".svg"):
            assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 ours


def test_the_page_holds_all_charts_and_escapes_names(pages):
    """The page shows every chart, and a dish's name is text, not markup."""
    page = pages["report.html"]

    assert page.count("<svg") == len(pages) - 1
    assert "<b>" not in page
    assert "Chosen on the validation" in page


def test_a_training_without_a_test_has_a_report_too(dataset):
    """With a handful of orders the report says what there is and nothing breaks."""
    few = dataset.interactions.take(np.arange(1200) < 3)
    small = Dataset(dataset.catalog, few, dataset.guest_key, dataset.guest_hotel, dataset.as_of)

    assert "no ranker" in training_pages(train(small, QUICK), QUICK, AS_OF)["report.html"]


def test_a_search_begins_with_what_is_set_and_keeps_the_best(dataset):
    """Every trial is told with its settings, and the configuration is the best trial's."""
    wanted = RecommenderSettings(tune_seconds=60, tune_trials=3)

    config, trials = tuned(dataset, QUICK, wanted)

    assert [trial.number for trial in trials] == [0, 1, 2]
    assert trials[0].params == {name: getattr(QUICK, name) for name in SEARCHED}
    best = max(trials, key=lambda trial: trial.metrics["ndcg_at_10"])
    assert {name: getattr(config, name) for name in SEARCHED} == best.params
    assert tuned(dataset, QUICK, wanted) == (config, trials)


def test_a_search_ends_with_its_seconds(dataset):
    """However many trials are allowed, none begins after the time that was given."""
    wanted = RecommenderSettings(tune_seconds=1, tune_trials=1000)

    _, trials = tuned(dataset, QUICK, wanted)

    assert 0 < len(trials) < 1000


def test_without_time_nothing_is_searched(dataset):
    """The default searches nothing."""
    assert tuned(dataset, QUICK, RecommenderSettings()) == (QUICK, [])
