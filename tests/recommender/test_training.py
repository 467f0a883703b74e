"""A whole training: planted habits are found, equal data train equal files, small data are fine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nextloop.recommender.bundle import Bundle, Query
from nextloop.recommender.evaluation import judge, spread
from nextloop.recommender.queries import Histories
from nextloop.recommender.state import State
from nextloop.recommender.summary import summarize
from nextloop.recommender.training import train


def test_the_ranker_beats_popularity_by_far(trained):
    """Hours, families, pairs and favourites were planted; the ranker uses them all."""
    ndcg = {name: result.metrics["ndcg_at_10"] for name, result in trained.models.items()}

    assert trained.best == "ranker"
    assert ndcg["ranker"] > 1.5 * ndcg["popularity"]
    assert ndcg["ranker"] > ndcg["context"] > ndcg["popularity"]
    assert ndcg["ranker"] > ndcg["together"] > ndcg["popularity"]


def test_metrics_are_shares_and_come_apart_by_repeat_history_and_hotel(trained):
    """Every metric lies between 0 and 1, in an interval around NDCG, and all parts are there."""
    metrics = dict(trained.models["ranker"].metrics)
    assert metrics.pop("orders") == trained.split["test_orders"]

    for task in ("complete", "first"):
        assert 0 < metrics.pop(f"{task}_orders") < trained.split["test_orders"]
    assert all(0 <= value <= 1 for value in metrics.values())
    assert metrics["ndcg_at_10_low"] < metrics["ndcg_at_10"] < metrics["ndcg_at_10_high"]
    wanted = ("recall", "mrr", "hit_rate", "repeat_recall", "explore_recall", "coverage", "novelty")
    assert {f"{name}_at_10" for name in wanted} < set(metrics)
    assert {f"{name}_at_5" for name in ("recall", "ndcg", "mrr", "hit_rate")} < set(metrics)
    assert {
        f"ndcg_at_10_{part}" for part in ("macro", "hotel_1", "history_0", "history_2_5")
    } < set(metrics)


def _ranks(trained, query):
    return {o.item: o.rank for o in trained.models["ranker"].bundle.recommend(query).offers}


def test_the_hour_is_recovered(trained, world):
    """Breakfast leads at eight, the night's dishes lead at eleven."""
    for hour, items in ((8, world.breakfast), (23, world.night)):
        ranks = _ranks(trained, Query(1, (hour, 2), adults=2, children=0, k=30))
        assert {ranks[item] for item in items} == {1, 2, 3}


def test_the_party_is_recovered(trained, world):
    """Parties with children are offered the family's dishes first."""
    family = _ranks(trained, Query(1, (13, 2), adults=2, children=2, k=30))
    couple = _ranks(trained, Query(1, (13, 2), adults=2, children=0, k=30))

    assert {family[item] for item in world.family} == {1, 2}
    assert min(couple[item] for item in world.family) > 2


def test_the_pair_is_recovered(trained, world):
    """Who had the first of the pair is offered the second."""
    first, second = world.pair
    after = _ranks(trained, Query(1, (13, 2), ordered=(first,), stay_day=1, k=30))
    without = _ranks(trained, Query(1, (13, 2), stay_day=1, k=30))

    assert after[second] <= 2
    assert without[second] > after[second]


def test_the_repeat_is_recovered(trained, world):
    """A favourite that was ordered in this stay comes back near the top, wherever it stood."""
    without = _ranks(trained, Query(1, (13, 2), stay_day=1, k=30))
    after = {
        liked: _ranks(trained, Query(1, (13, 2), ordered=(liked,), stay_day=1, k=30))[liked]
        for liked in sorted(set(world.favourites))
    }

    assert max(after.values()) <= 2
    assert np.mean([without[liked] for liked in after]) > 5


def test_two_trainings_give_equal_files(planted_tables, config, trained):
    """The same tables and seed give byte-equal bundles and equal metrics."""
    again = train(planted_tables.dataset, config)

    assert again.best == trained.best
    for name, result in trained.models.items():
        assert again.models[name].metrics == result.metrics
        assert again.models[name].bundle.to_files() == result.bundle.to_files()


def test_progress_is_told_from_nothing_to_all(planted_tables, config):
    """Steps are named, and the share that is done only grows, up to 1."""
    told = []
    train(planted_tables.dataset, replace(config, trees=2), lambda *step: told.append(step))

    done = [share for _, share in told]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0.0, 1.0)


def test_too_few_orders_keep_the_simple_models_and_say_so(tables, order, config):
    """Without enough orders to learn from there is no ranker, a note says why."""
    orders = [order((d % 3, 3), f"2026-03-{d:02d} 10:00", guest=f"g{d % 4}") for d in range(1, 29)]

    result = train(tables(orders).dataset, config)

    assert set(result.models) == {"popularity", "context", "together", "ease", "neighbours"}
    assert "no ranker" in result.notes[0]
    assert result.models[result.best].bundle.recommend(Query(1, (10, 0))).offers


def test_one_order_of_one_item_trains(tables, order, config):
    """The least data there can be give models, no metrics, and an answer."""
    result = train(tables([order((1,), "2026-03-01 10:00")]).dataset, config)

    assert result.best == "popularity"
    assert result.models["popularity"].metrics == {"orders": 0.0, "complete_orders": 0.0}
    files = result.models["popularity"].bundle.to_files()
    assert [o.item for o in Bundle.from_files(files).recommend(Query(1, (10, 0))).offers] == [1]


def test_anonymous_orders_without_stays_train_a_ranker(tables, order, config):
    """No guest, no stay, no party: every order stands alone and the ranker still trains."""
    rng = np.random.default_rng(2)
    orders = [
        order(
            tuple(
                sorted({int(rng.choice([1, 2] if h < 12 else [3, 4])), 5 + int(rng.integers(9))})
            ),
            f"2026-0{1 + n // 28}-{1 + n % 28:02d} {h:02d}:00",
        )
        for n in range(56)
        for h in (8, 9, 18, 19, 20)
    ]

    result = train(tables(orders).dataset, config)

    metrics = {name: r.metrics["ndcg_at_10"] for name, r in result.models.items()}
    assert metrics["ranker"] > metrics["popularity"] + 0.02
    assert "repeat_recall_at_10" not in result.models["ranker"].metrics


def test_what_is_only_in_the_test_counts_as_a_miss(tables, order, config):
    """Orders of an item that was unknown at the cut lower recall; nothing can hit them."""
    days = [order((1,), f"2026-03-{d:02d} 10:00") for d in range(1, 29)]
    new = [order((1, 2), f"2026-03-{d:02d} 11:00") for d in range(25, 29)]

    result = train(tables([*days, *new]).dataset, replace(config, holdout_days=4))

    metrics = result.models["popularity"].metrics
    assert metrics["orders"] == 8
    assert metrics["recall_at_10"] == pytest.approx((4 * 1 + 4 * 0.5) / 8)
    assert metrics["coverage_at_10"] == 1.0


def test_a_hotel_without_test_orders_is_left_out_of_the_test(tables, order, config):
    """A hotel that closed has a bundle entry and no metric."""
    closed = [order((1, 2), f"2026-03-{d:02d} 10:00", hotel=1) for d in range(1, 9)]
    open_ = [order((1, 2), f"2026-03-{d:02d} 10:00", hotel=2) for d in range(1, 29)]

    result = train(tables([*closed, *open_]).dataset, config)

    popularity = result.models["popularity"]
    assert "ndcg_at_10_hotel_1" not in popularity.metrics
    assert "ndcg_at_10_hotel_2" in popularity.metrics
    assert popularity.bundle.recommend(Query(1, (10, 0))).offers


def test_repeat_and_explore_are_judged_apart(tables, order, config):
    """A list of one known favourite finds all repeats and nothing new."""
    orders = [order((1, 2), "2026-03-01 10:00"), order((1,), "2026-03-02 10:00", guest="kim")]
    orders.append(order((1, 2), "2026-03-03 10:00", guest="kim"))
    data = tables(orders).dataset
    state = State.fit(data.interactions, data.catalog, config, data.as_of)
    histories = Histories.of(data.catalog, data.interactions, 10)

    judged = judge(state.popularity, histories, np.array([2]), state, k=1)

    found = summarize(judged, data.catalog, replace(config, k=1))
    assert found["repeat_recall_at_1"] == 1
    assert found["explore_recall_at_1"] == 0
    assert found["recall_at_1"] == 0.5
    assert found["ndcg_at_1_history_1"] == 1
    assert found["coverage_at_1"] == 0.5


@pytest.fixture(scope="module")
def by_popularity(histories, split, counted):
    """Orders of the planted test weeks, judged by popularity."""
    return judge(counted.popularity, histories, np.flatnonzero(split.test), counted, k=10)


def test_macro_weighs_hotels_alike(by_popularity, counted, config):
    """However many orders a hotel has, it counts once; a hotel's own figure is its orders'."""
    few = by_popularity.take((by_popularity.hotel == 0) | (np.arange(len(by_popularity.hotel)) < 3))

    found = summarize(few, counted.catalog, config)

    ndcg = few.value["ndcg_at_10"]
    hotels = [ndcg[few.hotel == hotel].mean() for hotel in np.unique(few.hotel)]
    assert found["ndcg_at_10_macro"] == pytest.approx(np.mean(hotels))
    assert found["ndcg_at_10_hotel_1"] == pytest.approx(hotels[0])


def test_the_first_order_is_a_task_of_its_own(by_popularity, counted, config):
    """Its figures are those of orders before which nothing of guest or stay was known."""
    found = summarize(by_popularity, counted.catalog, config)

    unknown = by_popularity.history == 0
    assert found["first_orders"] == unknown.sum() < len(unknown)
    for metric in ("recall_at_5", "ndcg_at_10", "mrr_at_10", "novelty_at_10"):
        assert found[f"first_{metric}"] == pytest.approx(
            by_popularity.value[metric][unknown].mean()
        )
    assert found["first_ndcg_at_10_low"] < found["first_ndcg_at_10_high"]


def test_orders_are_spread_evenly_when_there_are_too_many():
    """A limit keeps first, last and evenly spaced ones; fewer are all kept."""
    assert spread(np.arange(9), 3).tolist() == [0, 4, 8]
    assert spread(np.arange(2), 3).tolist() == [0, 1]


def test_owners_are_numbered_by_their_first_order_and_not_by_their_keys(planted_tables):
    """Folds and resamples are drawn by owner: a guest key must not decide who is in which."""
    owner = planted_tables.dataset.interactions.owner

    _, first = np.unique(owner, return_index=True)
    assert np.all(np.diff(first) > 0)
