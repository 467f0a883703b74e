"""How fast is ingest? NextLoop on its engines, the job people write first, and a floor.

    python benchmarks/etl.py --orders 300000

Each rival is a process of its own, start-up included, and all take turns `--rounds` times in one
run: machines are shared, so only ratios between them mean something. Every rival must come to the
same orders, lines and revenue, or the script fails. Results go to `benchmarks/results/etl-*.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path

import duckdb
from deltalake import DeltaTable

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


def main() -> None:
    """Measure and print."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="nextloop-etl-") as scratch:
        landing = asked.landing or simulate(asked.orders, Path(scratch))
        results: dict[str, list[dict[str, float]]] = {name: [] for name in asked.rivals}
        made = set()
        for turn in range(asked.rounds):
            for name in asked.rivals:
                out = Path(scratch) / "out"
                found, figures = measure(name, str(landing), out)
                made.add(json.dumps(found, sort_keys=True))
                results[name].append(figures)
                print(f"round {turn + 1} {NAMES[name]}: {figures}", file=sys.stderr)
                shutil.rmtree(out)
    if len(made) != 1:
        sys.exit(f"the rivals disagree: {made}")
    best = {name: min(runs, key=lambda run: run["seconds"]) for name, runs in results.items()}
    report = {"made": json.loads(made.pop()), "versions": versions(), "best": best, "runs": results}
    show(report)
    asked.results.mkdir(parents=True, exist_ok=True)
    path = asked.results / f"etl-{asked.orders}.json"
    path.write_text(json.dumps(report, indent=1) + "\n")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--orders", type=int, default=300_000)
    parser.add_argument("--landing", type=Path, help="use these files instead of simulated ones")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rivals", nargs="+", choices=list(RIVALS), default=list(RIVALS))
    parser.add_argument("--results", type=Path, default=HERE / "results")
    return parser.parse_args()


def simulate(orders: int, folder: Path) -> Path:
    """Write a landing of simulated hotels."""
    landing = folder / "landing"
    command = [sys.executable, "-m", "nextloop.cli", "--quiet", "simulate", "--out", str(landing)]
    subprocess.run([*command, "--orders", str(orders)], check=True, stdout=subprocess.DEVNULL)
    return landing


def measure(name: str, landing: str, out: Path) -> tuple[dict[str, int], dict[str, float]]:
    """Run one rival; return what it made and wall seconds, CPU seconds, peak memory."""
    out.mkdir()
    places = {"{landing}": landing, "{out}": str(out)}
    command = [places.get(part, part) for part in RIVALS[name]]
    started = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    peak = Peak(process.pid)
    _, errors = process.communicate()
    seconds = time.monotonic() - started
    peak.stop()
    if process.returncode:
        sys.exit(f"{name} failed:\n{errors}")
    figures = {
        "seconds": seconds,
        "cpu_seconds": sum(peak.cpu.values()),
        "peak_gib": peak.most / 2**30,
    }
    return made_in(out), {key: round(value, 2) for key, value in figures.items()}


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


class Peak:
    """Watches a process and its children, whoever reaps them: a JVM starts Pythons of its own.

    Attributes:
        most: The most memory they had together, bytes (proportional shares, from Linux).
        cpu: CPU seconds by process, as last seen.
    """

    def __init__(self, pid: int) -> None:
        """Start watching."""
        self.most = 0
        self.cpu: dict[int, float] = {}
        self._pid, self._going = pid, True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._going = False
        self._thread.join()

    def _watch(self) -> None:
        while self._going:
            found = tree(self._pid)
            self.most = max(self.most, sum(map(resident, found)))
            self.cpu |= {pid: used for pid in found if (used := cpu_seconds(pid))}
            time.sleep(0.1)


def cpu_seconds(pid: int) -> float:
    """Return a process's CPU seconds so far, 0 if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """Return a process and all below it."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def resident(pid: int) -> int:
    """Return a process's proportional resident bytes, 0 if it is gone."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def versions() -> dict[str, str]:
    """Return what was measured on what."""
    names = ("pyspark", "pysail", "duckdb", "pyarrow", "deltalake")
    return {name: version(name) for name in names} | {
        "python": platform.python_version(),
        "cores": str(os.cpu_count()),
    }


def show(report: dict[str, dict[str, dict[str, float]]]) -> None:
    """Print the best round of each rival and its ratios."""
    best, made = report["best"], report["made"]
    floor, naive = best.get("duckdb"), best.get("naive")
    print(f"{made['orders']:,} orders, {made['lines']:,} lines; {report['versions']}")
    print(f"{'':28}{'seconds':>9}{'CPU s':>8}{'GiB':>7}{'x floor':>9}{'naive /':>9}")
    for name, run in best.items():
        over = f"{run['seconds'] / floor['seconds']:.1f}" if floor else "-"
        under = f"{naive['seconds'] / run['seconds']:.1f}" if naive else "-"
        print(
            f"{NAMES[name]:28}{run['seconds']:9.1f}{run['cpu_seconds']:8.1f}{run['peak_gib']:7.2f}"
            f"{over:>9}{under:>9}"
        )


if __name__ == "__main__":
    main()
