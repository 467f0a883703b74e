"""What does a switch cost callers? A renamed link, and a reload of nginx as most scripts do it.

    python benchmarks/switching.py --switches 100

One nginx, two slots, callers who never ask twice: GET and POST, on new connections and on kept
ones. All ways of switching take turns in one run. A renamed link has to lose nothing, or the
script fails. Results go to `benchmarks/results/switching.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.ports import free_port  # noqa: E402 the path comes first
from tests.rollout.load import KINDS, Load, illegal, loaded  # noqa: E402

from nextloop.rollout import link  # noqa: E402
from nextloop.rollout.places import SLOTS, Places, prepare  # noqa: E402
from nextloop.rollout.proxy import Proxy  # noqa: E402
from nextloop.settings import RolloutSettings  # noqa: E402

NAMES = {
    "rename": "rename the link (NextLoop)",
    "reload": "rewrite the configuration, reload nginx",
    "reload-no-keep-alive": "the same, and nginx keeps no caller's connection",
}
Switch = Callable[[Proxy, str], None]


def main() -> None:
    """Measure and print."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="nl-sw-", dir="/tmp") as folder, slots(Path(folder)):
        runs = [
            measure(Path(folder), way, rate, asked)
            for rate in asked.rates
            for _ in range(asked.rounds)
            for way in NAMES
        ]
    show(runs, asked)
    report = {"versions": versions(), "switches": asked.switches, "runs": runs}
    asked.results.mkdir(parents=True, exist_ok=True)
    (asked.results / "switching.json").write_text(json.dumps(report, indent=1) + "\n")
    lost = [run for run in runs if run["way"] == "rename" and (run["failed"] or run["illegal"])]
    if lost:
        sys.exit(f"a rename lost requests: {lost}")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--switches", type=int, default=100)
    parser.add_argument("--interval", type=float, default=0.2, help="seconds between two switches")
    parser.add_argument("--rates", type=float, nargs="+", default=[200.0, 800.0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--results", type=Path, default=HERE / "results")
    return parser.parse_args()


@contextmanager
def slots(folder: Path) -> Iterator[None]:
    """Run both slots."""
    places = Places(folder)
    prepare(places)
    program = str(HERE / "switching_slot.py")
    running = [
        subprocess.Popen([sys.executable, program, slot, str(places.socket(slot))])
        for slot in SLOTS
    ]
    try:
        until = time.monotonic() + 30
        while not all(places.socket(slot).exists() for slot in SLOTS):
            if time.monotonic() > until:
                sys.exit("the slots do not start")
            time.sleep(0.05)
        yield
    finally:
        for each in running:
            each.terminate()
            each.wait()


def measure(folder: Path, way: str, rate: float, asked: argparse.Namespace) -> dict[str, Any]:
    """Switch again and again under load; return what callers saw."""
    settings = RolloutSettings(folder=folder, port=free_port(), inner_port=free_port())
    places = Places(folder)
    proxy = Proxy(settings, places)
    link.point(places, SLOTS[0])
    proxy.ensure()
    switch = rename if way == "rename" else reload
    if way != "rename":
        prepare_reloads(proxy, way)
    times: list[float] = []
    switches = [(0.0, 0.0, SLOTS[0])]
    try:
        with loaded(settings.port, rate=rate, lanes=20) as load:
            time.sleep(0.5)
            for number in range(asked.switches):
                slot = SLOTS[(number + 1) % 2]
                begun = time.monotonic()
                switch(proxy, slot)
                times.append(time.monotonic() - begun)
                # After a reload old workers go on for a while: any slot is legal then.
                switches.append((begun, time.monotonic(), slot))
                time.sleep(max(0.0, asked.interval - times[-1]))
    finally:
        proxy.stop(5)
        proxy.file.unlink(missing_ok=True)
    return summary(way, rate, load, switches, sorted(times))


def rename(proxy: Proxy, slot: str) -> None:
    """Switch as `nextloop rollout` does."""
    link.point(proxy.places, slot)


def reload(proxy: Proxy, slot: str) -> None:
    """Switch as most scripts do: another upstream in the file, and a signal."""
    text = proxy.file.read_text()
    for each in (*SLOTS, "live"):
        text = text.replace(f"run/{each}.sock;", f"run/{slot}.sock;")
    proxy.file.write_text(text)
    for pid in proxy._masters():  # noqa: SLF001 what `nginx -s reload` sends, to whom it sends it
        os.kill(pid, signal.SIGHUP)


def prepare_reloads(proxy: Proxy, way: str) -> None:
    """Let the file name a slot, and keep connections or not."""
    if way == "reload-no-keep-alive":
        text = proxy.file.read_text()
        proxy.file.write_text(text.replace("keepalive_timeout 75s;", "keepalive_timeout 0;"))
    reload(proxy, SLOTS[0])
    time.sleep(0.5)


def summary(
    way: str,
    rate: float,
    load: Load,
    switches: list[tuple[float, float, str]],
    times: list[float],
) -> dict[str, Any]:
    """Count what callers saw."""
    lost = Counter(record.kind for record in load.failures())
    return {
        "way": way,
        "rate": rate,
        "switches": len(times),
        "requests": len(load.records),
        "not_sent": load.skipped,
        "failed": sum(lost.values()),
        "failed_by_kind": {kind: lost[kind] for kind in KINDS},
        "faults": dict(Counter(one.fault or str(one.status) for one in load.failures())),
        "illegal": len(illegal(load.records, switches)),
        "switch_ms_median": round(times[len(times) // 2] * 1000, 2),
    }


def show(runs: list[dict[str, Any]], asked: argparse.Namespace) -> None:
    """Print the table of the documentation."""
    print(f"\n{asked.switches} switches each, nginx {versions()['nginx']}\n")
    print("| way | requests/s | requests | failed | of them POST | answers of a slot not live |")
    print("|---|---|---|---|---|---|")
    for run in runs:
        posts = sum(n for kind, n in run["failed_by_kind"].items() if kind.startswith("POST"))
        print(
            f"| {NAMES[run['way']]} | {run['rate']:.0f} | {run['requests']:,} "
            f"| {run['failed']} | {posts} | {run['illegal']} |"
        )


def versions() -> dict[str, str]:
    """Name what was measured."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    done = subprocess.run(
        ["nginx", "-v"],  # noqa: S607 the nginx on PATH
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": path},
    )
    return {
        "nginx": done.stderr.partition("nginx/")[2].strip(),
        "python": platform.python_version(),
        "cores": str(os.cpu_count()),
    }


if __name__ == "__main__":
    main()
