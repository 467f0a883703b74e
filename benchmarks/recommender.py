"""Is the recommender better than what people would use instead? One table a data set.

    python benchmarks/recommender.py --data DATA --sets DC TaFeng takeaway journey simulated

`DATA` holds `baskets/DC.json.gz` and `baskets/TaFeng.json.gz` (DNNTSP's files, with their fixed
splits) and the landings `orders/takeaway` and `orders/journey`; `simulated` needs none. What is
trained is `nextloop.recommender.training.train`, as `nextloop train` calls it; rivals answer the
same queries and the whole menu is ranked for each. Numbers of the sets were chosen on their
validation orders, never on the test. Results go to `benchmarks/results/recommender.json`.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import recommender_sets as sets
from nextloop.recommender import metrics
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.cross_fit import truths
from nextloop.recommender.evaluation import Judged, judge, spread
from nextloop.recommender.queries import Histories
from nextloop.recommender.state import State
from nextloop.recommender.summary import interval, paired
from nextloop.recommender.training import TrainingResult, train
from nextloop.simulator import SimulatorConfig
from recommender_rivals import rivals

RESULTS = Path(__file__).parent / "results" / "recommender.json"
SETS = ("DC", "TaFeng", "takeaway", "journey", "simulated")
SHOWN = ("recall_at_10", "ndcg_at_10", "mrr_at_10", "hit_rate_at_5", "hit_rate_at_10")
APART = ("repeat_recall_at_10", "explore_recall_at_10")
LIBRARIES = ("nextloop", "numpy", "scipy", "lightgbm", "implicit")
BASKETS = {
    "training_orders": 20_000,
    "pool_orders": 20_000,
    "evaluation_orders": 20_000,
    "learning_rate": 0.1,
    "hidden_items": 1,  # whole baskets are asked for; carts would teach another ranker
    "pull_weight": 1.5,  # DC, validation: first scores .352 for .350, recall .490 for .481
}
ORDERS = {"evaluation_orders": 20_000, "bootstrap": 1000}


@dataclass(frozen=True)
class Row:
    """One model's judged orders."""

    name: str
    ours: bool
    judged: Judged


def main() -> None:
    """Measure, print and keep."""
    asked = arguments()
    versions = {name: version(name) for name in LIBRARIES} | {"python": platform.python_version()}
    print("versions", " ".join(f"{name} {number}" for name, number in versions.items()))
    world = {"orders": asked.orders, "weeks": asked.weeks, "seed": asked.seed}
    print("simulated hotels", " ".join(f"{name} {number}" for name, number in world.items()))
    for name in asked.sets:
        with tempfile.TemporaryDirectory(prefix="nextloop-rec-") as scratch:
            found = measure(load(name, asked, Path(scratch)))
        kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        of_world = {"world": world} if name == "simulated" else {}
        kept[name] = found | {"versions": versions} | of_world
        RESULTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def load(name: str, asked: argparse.Namespace, scratch: Path) -> sets.DataSet:
    """Load one data set with its numbers, all chosen on the validation."""
    threads = {"num_threads": asked.threads}
    if name in ("DC", "TaFeng"):
        every, tifu = (217, (100, 0.3)) if name == "DC" else (200, (900, 0.1))
        config = TrainingConfig(
            **BASKETS, **threads, training_candidates=every, candidates=every, bootstrap=1000
        )
        return sets.baskets(asked.data / "baskets" / f"{name}.json.gz", name, config, tifu)
    config = TrainingConfig(**ORDERS, **threads, pool_orders=20_000)
    if name == "takeaway":
        orders = sets.orders_of(asked.data / "orders" / name, scratch)
        return sets.completion(orders, config, name)
    if name == "journey":
        config = TrainingConfig(**ORDERS, **threads, holdout_days=28)
        return sets.by_time(sets.orders_of(asked.data / "orders" / name, scratch), config, name)
    world = SimulatorConfig(orders=asked.orders, weeks=asked.weeks, seed=asked.seed)
    return sets.simulated(scratch, TrainingConfig(**threads, bootstrap=1000), world, name)


def measure(data: sets.DataSet) -> dict[str, Any]:
    """Train, judge everything on the same orders and print the table."""
    started = time.monotonic()
    result = train(data.dataset, data.config, split=data.split)
    seconds = time.monotonic() - started
    histories = Histories.of(
        data.dataset.catalog, data.dataset.interactions, data.config.history_orders
    )
    teaching = data.split.before_test
    menu = data.dataset.catalog.known_before(data.split.cut)
    orders = data.dataset.interactions.take(teaching)
    state = State.fit(orders, menu, data.config, data.split.cut - 1)
    asked = spread(np.flatnonzero(data.split.test), data.config.evaluation_orders)
    hidden = histories.interactions.hidden(data.config.seed) if data.by_cart else None
    k = data.config.k
    rows = [
        Row(rival.name, ours=False, judged=judge(rival, histories, asked, state, k, hidden))
        for rival in rivals(histories, state, teaching, by_order=data.by_cart, tifu=data.tifu)
    ]
    rows += ours(result, by_cart=data.by_cart)
    table = {row.name: figures(row, data.config) for row in rows}
    if data.truth is not None:
        table["hidden truth"] = truth_figures(data, histories, asked, menu.offered)
    best = compare(rows, data.config)
    show(data, table, best, seconds)
    return {
        "rows": table,
        "ranker_against_next_best": best,
        "orders": len(rows[0].judged.owner),
        "seconds": round(seconds, 1),
        "seed": data.config.seed,
    }


def ours(result: TrainingResult, *, by_cart: bool) -> Iterator[Row]:
    """List our models, judged by the training itself."""
    for name, model in result.models.items():
        shown = "ease (EASE)" if name == "ease" else name
        yield Row(shown, ours=True, judged=model.completed if by_cart else model.judged)


def figures(row: Row, config: TrainingConfig) -> dict[str, Any]:
    """Average a model's metrics, with intervals."""
    found: dict[str, Any] = {"ours": row.ours}
    for metric in SHOWN:
        found[metric] = round(float(row.judged.value[metric].mean()), 4)
        found[f"{metric}_interval"] = [
            round(end, 4) for end in interval(row.judged, metric, config)
        ]
    for metric in APART:
        value = row.judged.value[metric]
        if not np.isnan(value).all():
            found[metric] = round(float(np.nanmean(value)), 4)
    return found


def compare(rows: list[Row], config: TrainingConfig) -> dict[str, Any]:
    """Hold the ranker against the best other row, order by order."""
    metric = "ndcg_at_10"
    ranker = next(row for row in rows if row.name == "ranker")
    others = [row for row in rows if row is not ranker]
    other = max(others, key=lambda row: float(row.judged.value[metric].mean()))
    gain, low, high = paired(ranker.judged, other.judged, metric, config)
    return {
        "other": other.name,
        "gain": round(gain, 4),
        "interval": [round(low, 4), round(high, 4)],
    }


def truth_figures(data: sets.DataSet, histories: Histories, asked: Any, offered: Any) -> Any:
    """Rank by the simulator's own chances, on the same orders."""
    found, owner, chances = [], [], data.truth
    assert chances is not None  # noqa: S101 asked for simulated hotels only
    for orders, queries in histories.batches(asked):
        top = metrics.top_k(
            chances(queries.hotel, orders).astype(np.float32), offered[queries.rows], 10
        )
        truth = truths(histories.interactions, orders, queries)
        found.append(metrics.ndcg(metrics.hits(top, truth), truth.sum(axis=1)))
        owner.append(histories.interactions.owner[orders])
    ndcg, config = np.concatenate(found), data.config
    ends = metrics.bootstrap_interval(ndcg, np.concatenate(owner), config.bootstrap, config.seed)
    return {
        "ndcg_at_10": round(float(ndcg.mean()), 4),
        "ndcg_at_10_interval": [round(end, 4) for end in ends],
    }


def show(data: sets.DataSet, table: dict[str, Any], best: dict[str, Any], seconds: float) -> None:
    """Print one table."""
    task = "the missing item of an order" if data.by_cart else "the next order"
    print(f"\n## {data.name}: {task}; trained in {seconds:.0f} s; seed {data.config.seed}\n")
    print("| model | Recall@10 | NDCG@10 (95 %) | MRR@10 | HR@5 | HR@10 | repeat | explore |")
    print("|---|---|---|---|---|---|---|---|")
    for name, row in table.items():
        low, high = row["ndcg_at_10_interval"]
        if "recall_at_10" not in row:
            print(f"| {name} | | {row['ndcg_at_10']:.4f} ({low:.3f}-{high:.3f}) | | | | | |")
            continue
        repeat, explore = (f"{row[m]:.3f}" if m in row else "" for m in APART)
        print(
            f"| {name} | {row['recall_at_10']:.4f} | {row['ndcg_at_10']:.4f}"
            f" ({low:.3f}-{high:.3f}) | {row['mrr_at_10']:.4f} | {row['hit_rate_at_5']:.4f}"
            f" | {row['hit_rate_at_10']:.4f} | {repeat} | {explore} |"
        )
    low, high = best["interval"]
    print(f"\nranker over {best['other']}: {best['gain']:+.4f} NDCG@10 ({low:+.4f} to {high:+.4f})")
    if "hidden truth" in table:
        share = table["ranker"]["ndcg_at_10"] / table["hidden truth"]["ndcg_at_10"]
        print(f"ranker over the hidden truth: {share:.1%} of its NDCG@10")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--orders", type=int, default=60_000, help="of the simulated hotels")
    parser.add_argument("--weeks", type=int, default=12)
    parser.add_argument("--seed", type=int, default=SimulatorConfig().seed)
    return parser.parse_args()


if __name__ == "__main__":
    main()
