"""How fast is ingest? NextLoop on its engines, the job people write first, and a floor.

    python benchmarks/etl.py
    python benchmarks/etl.py --orders 300000 --rivals duckdb sail --rounds 5

Each rival is a process of its own, start-up included, and all take turns `--rounds` times in one
run: machines are shared, so only ratios between them mean something. Every rival must come to the
same orders, lines and revenue, or the script fails. Unless they are named, the rivals of a size
are those for which it is not too much (`USUAL`). The results go to `benchmarks/results/etl.json`;
`chart.py` draws them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable

from landings import simulated
from measuring import Figures, measure, versions

HERE = Path(__file__).parent
NEXTLOOP = """
import sys
from nextloop import settings
from nextloop.jobs.ingest import ingest
ingest(settings.load({"landing": sys.argv[1], "lake": sys.argv[2], "spark": sys.argv[3],
                      "privacy.guest_key": "benchmark-" * 4}))
"""
RIVALS = {
    "duckdb": [sys.executable, str(HERE / "etl_duckdb.py"), "{landing}", "{out}"],
    "sail": [sys.executable, "-c", NEXTLOOP, "{landing}", "{out}", "sail"],
    "local[2]": [sys.executable, "-c", NEXTLOOP, "{landing}", "{out}", "local[2]"],
    "naive": [sys.executable, str(HERE / "etl_naive_spark.py"), "{landing}", "{out}"],
}
NAMES = {
    "duckdb": "DuckDB query (floor)",
    "sail": "NextLoop on Sail",
    "local[2]": "NextLoop on Spark local[2]",
    "naive": "naive Spark job",
}
COLUMNS = {"seconds": 9, "CPU s": 9, "GiB": 8, "x floor": 9, "naive /": 9, "growth": 8}
USUAL = {30_000: tuple(RIVALS), 300_000: tuple(RIVALS), 3_000_000: ("duckdb", "sail", "naive")}
"""Apache Spark in one JVM shows nothing new at the largest."""


def main() -> None:
    """Measure, print and write."""
    asked = arguments()
    sizes: dict[int, dict[str, list[Figures]]] = {
        orders: {name: [] for name in rivals(asked, orders)} for orders in asked.orders
    }
    made: dict[int, set[str]] = {orders: set() for orders in asked.orders}
    for turn in range(asked.rounds):
        for orders, runs in sizes.items():
            for name, figures in runs.items():
                found, figure = run(name, simulated(orders))
                made[orders].add(json.dumps(found, sort_keys=True))
                figures.append(figure)
                print(f"round {turn + 1}, {orders:,}, {NAMES[name]}: {figure}", file=sys.stderr)
                if len(made[orders]) != 1:
                    sys.exit(f"the rivals disagree: {made[orders]}")
    report = {
        "versions": versions(),
        "sizes": {
            str(orders): described(runs) | {"made": json.loads(made[orders].pop())}
            for orders, runs in sizes.items()
        },
    }
    show(report)
    asked.results.parent.mkdir(parents=True, exist_ok=True)
    asked.results.write_text(json.dumps(report, indent=1) + "\n")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--orders", type=int, nargs="+", default=list(USUAL))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rivals", nargs="+", choices=list(RIVALS))
    parser.add_argument("--results", type=Path, default=HERE / "results" / "etl.json")
    return parser.parse_args()


def rivals(asked: argparse.Namespace, orders: int) -> tuple[str, ...]:
    """Return who is measured at a size."""
    return tuple(asked.rivals or USUAL.get(orders, tuple(RIVALS)))


def run(name: str, landing: Path) -> tuple[dict[str, int], Figures]:
    """Run one rival; return what it made and what that took."""
    with tempfile.TemporaryDirectory(prefix="nextloop-etl-") as scratch:
        out = Path(scratch) / "out"
        out.mkdir()
        places = {"{landing}": str(landing), "{out}": str(out)}
        figures = measure([places.get(part, part) for part in RIVALS[name]])
        found = made_in(out)
        shutil.rmtree(out)
    return found, figures


def made_in(out: Path) -> dict[str, int]:
    """Count what a rival wrote: orders, lines and the lines' result prices, outside its time."""
    files = {
        name: DeltaTable(str(out / name)).file_uris()
        if (out / name / "_delta_log").exists()
        else [str(path) for path in (out / name).rglob("*.parquet")]
        for name in ("orders", "order_lines")
    }
    db = duckdb.connect()
    orders = db.read_parquet(files["orders"]).aggregate("count(*)").fetchall()[0][0]
    lines = db.read_parquet(files["order_lines"])
    price = "result_price" if "result_price" in lines.columns else "resultPrice"
    count, revenue = lines.aggregate(f"count(*), sum({price})").fetchall()[0]
    return {"orders": orders, "lines": count, "revenue": int(revenue)}


def described(runs: dict[str, list[Figures]]) -> dict[str, Any]:
    """Return each rival's best round, and all of them."""
    best = {name: min(figures, key=lambda one: one.seconds) for name, figures in runs.items()}
    return {
        "best": {name: figures.record() for name, figures in best.items()},
        "runs": {name: [one.record() for one in figures] for name, figures in runs.items()},
    }


def show(report: Mapping[str, Any]) -> None:
    """Print the best round of each rival at each size, its ratios and its growth."""
    print(report["versions"])
    before: dict[str, float] = {}
    for size in report["sizes"].values():
        best, made = size["best"], size["made"]
        print(f"\n{made['orders']:,} orders, {made['lines']:,} lines")
        print(" " * 28 + "".join(f"{head:>{width}}" for head, width in COLUMNS.items()))
        for name, found in best.items():
            values = (*found.values(), *ratios(name, best, before))
            cells = zip(values, COLUMNS.values(), strict=True)
            told = "".join(
                f"{'-' if cell is None else format(cell, '.2f'):>{width}}" for cell, width in cells
            )
            print(f"{NAMES[name]:28}{told}")
        before = {name: found["seconds"] for name, found in best.items()}


def ratios(
    name: str, best: Mapping[str, Mapping[str, float]], before: Mapping[str, float]
) -> tuple[float | None, ...]:
    """Return three ratios of a rival's time, None where there is nothing to compare with.

    How often it takes the floor's time, how often the naive job takes its time, and how often it
    takes its own time at the size before.
    """
    seconds = best[name]["seconds"]
    return (
        seconds / best["duckdb"]["seconds"] if "duckdb" in best else None,
        best["naive"]["seconds"] / seconds if "naive" in best else None,
        seconds / before[name] if name in before else None,
    )


if __name__ == "__main__":
    main()
