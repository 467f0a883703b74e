"""How fast does the recommender answer and train, and does training grow with the data?

    python benchmarks/recommender_speed.py --lines 250000 500000 1000000

Simulated hotels go through ingest and features; then a process of its own reads the tables, trains
and judges all models and writes their bundles. Its seconds, CPU seconds and peak memory are
measured. Answers are asked of the last bundle, read from its files, on one thread: scoring alone
(all features and both models' trees), alone and several in one go, and the whole answer with
reasons, for a menu of `--menu` items; as time that passes and as processor time of the asking
thread, which a busy machine hardly changes. Results go to
`benchmarks/results/recommender_speed.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import recommender_sets as sets
from nextloop import simulator
from nextloop.recommender.asking import Query, arrays_of
from nextloop.recommender.bundle import Bundle
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.queries import Queries
from nextloop.recommender.threads import limited
from nextloop.recommender.training import train
from nextloop.simulator import SimulatorConfig

RESULTS = Path(__file__).parent / "results" / "recommender_speed.json"
LINES_AN_ORDER = 1.78  # of the default world, requests without a price included
ASKED = 400
TOGETHER = (4, 16)


def main() -> None:
    """Measure and print."""
    asked = arguments()
    if asked.child is not None:
        trained(asked.child, asked.step)
        return
    kept: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept["versions"] = {n: version(n) for n in ("numpy", "scipy", "lightgbm")}
    kept["machine"] = {"cpus": os.cpu_count(), "python": platform.python_version()}
    print("| order lines | orders | seconds | CPU seconds | peak GiB |\n|---|---|---|---|---|")
    for lines in asked.lines:
        with tempfile.TemporaryDirectory(prefix="nextloop-speed-") as scratch:
            kept[f"train_{lines}"] = found = training(lines, Path(scratch))
        print(
            f"| {lines:,} | {found['orders']:,} | {found['seconds']:.0f}"
            f" | {found['cpu_seconds']:.0f} | {found['peak_gib']:.2f} |",
            flush=True,
        )
    kept["answer"] = answers(asked.menu)
    for name, figure in kept["answer"].items():
        print(f"answer, {asked.menu} items, {name}: {figure}")
    RESULTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def training(lines: int, scratch: Path) -> dict[str, float]:
    """Train on simulated hotels in a process of its own."""
    orders = round(lines / LINES_AN_ORDER)
    rooms = max(1, round(orders / 60_000))  # hotels grow in number, as a chain does
    world = SimulatorConfig(orders=orders, hotels=5 * rooms)
    simulator.write(simulator.simulate(world), scratch / "landing", scratch / "truth")
    subprocess.run(
        [sys.executable, __file__, "--child", str(scratch), "--step", "tables"],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    out = subprocess.run(
        [sys.executable, __file__, "--child", str(scratch), "--step", "train"],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    seconds, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told: dict[str, float] = json.loads(out.stdout.strip().splitlines()[-1])
    return told | {"seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1), "orders": orders}


def trained(scratch: Path, step: str) -> None:
    """Do one step of a size in this process and tell its peak memory."""
    if step == "tables":
        sets.orders_of(scratch / "landing", scratch)
        return
    result = train(sets.read_lake(scratch / "lake"), TrainingConfig())
    size = sum(len(b) for m in result.models.values() for b in m.bundle.to_files().values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    ndcg = result.models[result.best].metrics["ndcg_at_10"]
    print(json.dumps({"peak_gib": round(peak, 2), "bundle_bytes": size, "ndcg_at_10": ndcg}))


def answers(menu: int) -> dict[str, str]:
    """Ask a bundle of one hotel with a long menu, one thread."""
    with tempfile.TemporaryDirectory(prefix="nextloop-speed-") as folder:
        scratch = Path(folder)
        world = SimulatorConfig(hotels=1, orders=30_000, menu_items=(menu, menu))
        simulator.write(simulator.simulate(world), scratch / "landing", scratch / "truth")
        result = train(sets.orders_of(scratch / "landing", scratch), TrainingConfig())
    bundle = Bundle.from_files(result.models["ranker"].bundle.to_files())
    keys, hotel = bundle.guests.key, bundle.hotels[0]
    items = bundle.state.catalog.item[bundle.state.catalog.offered][:2].tolist()
    queries = [
        Query(hotel, (n % 24, n % 7), guest=keys[n % len(keys)].decode(),
              ordered=tuple(items) if n % 2 else (), cart=tuple(items[:1]) if n % 3 == 0 else (),
              stay_day=n % 3, nights=3, adults=2, children=n % 2)
        for n in range(ASKED)
    ]  # fmt: skip
    scored, whole = [], []
    with limited(1):  # as the API and `publish` hold BLAS
        for query in queries:
            scored.append(_timed(lambda asked: bundle.model.score(_arrays(bundle, asked)), query))
            whole.append(_timed(bundle.recommend, query))
        gone = {size: _in_one_go(bundle, queries, size) for size in TOGETHER}
    return {
        "menu_items": str(int(bundle.state.catalog.offered.sum())),
        "scoring": _told([wall for wall, _ in scored]),
        "scoring, processor time": _told([cpu for _, cpu in scored]),
        **{
            f"scoring, {size} in one go, processor time of each": _told(seconds)
            for size, seconds in gone.items()
        },
        "whole answer": _told([wall for wall, _ in whole]),
        "whole answer, processor time": _told([cpu for _, cpu in whole]),
    }


def _arrays(bundle: Bundle, query: Query) -> Queries:
    return arrays_of(query, bundle.state.catalog, bundle.guests, bundle.as_of)


def _in_one_go(bundle: Bundle, queries: list[Query], size: int) -> list[float]:
    """Score several questions together; give each one's share of the processor time."""
    groups = [queries[first : first + size] for first in range(0, len(queries) - size + 1, size)]
    return [_timed(partial(_scored, bundle), group)[1] / size for group in groups]


def _scored(bundle: Bundle, queries: list[Query]) -> object:
    return bundle.model.score(Queries.joined([_arrays(bundle, query) for query in queries]))


def _timed(asked: Callable[[Any], object], query: Any) -> tuple[float, float]:
    """Give the seconds that passed, and those that this thread computed."""
    wall, cpu = time.perf_counter(), time.thread_time()
    asked(query)
    return time.perf_counter() - wall, time.thread_time() - cpu


def _told(seconds: list[float]) -> str:
    low, middle, high = np.quantile(np.array(seconds) * 1000, [0.1, 0.5, 0.99])
    return f"median {middle:.2f} ms, quickest tenth {low:.2f} ms, 99 % {high:.2f} ms"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, nargs="*", default=[250_000, 500_000, 1_000_000])
    parser.add_argument("--menu", type=int, default=300)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--step", choices=("tables", "train"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
