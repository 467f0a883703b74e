"""How many answers a second, and how late? Our API, a bare route, and the usual handler.

    .uv/bin/uv pip install --python .venv-dev/bin/python --group bench
    .venv-dev/bin/nextloop demo --out /tmp/demo
    export NEXTLOOP_CONFIG=/tmp/demo/nextloop.toml  # its guest key
    .venv-dev/bin/python benchmarks/serving.py --lake /tmp/demo/lake

In: a lake with a model in production. Out: `benchmarks/results/serving.json` and a table. Each
server has one core, the callers (`wrk`, Debian's package) the other; rivals take turns in one run,
so that only ratios count. A rate is kept up whether or not answers come, and lateness is counted
from the moment at which a request was due, so a stall is seen by all who wait.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from measuring import proportional  # noqa: E402 the path comes first
from nextloop.serving.background import run_in_background  # noqa: E402
from serving_load import Lateness, kept_up  # noqa: E402

SERVER_CORE, CALLER_CORE = "0", "1"
PATH = "/v1/recommendations"
CONNECTIONS = 16
RATE_THROUGH_NGINX = 500
RIVALS = ("api", "bare", "naive")
NAMES = {
    "api": "NextLoop's API",
    "bare": "a FastAPI route that returns a constant",
    "naive": "an MLflow pyfunc, a random forest of 100 trees, a DataFrame a request",
}
_HTTP = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# Random questions, made once: Lua is quick, and wrk must not be what is measured.
LUA = """
local bodies = {}
for line in io.lines("%s") do bodies[#bodies + 1] = line end
local at = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function request() at = at %% #bodies + 1; return wrk.format(nil, "%s", nil, bodies[at]) end
"""


def main() -> None:
    """Measure and print."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="nl-serving-") as folder:
        script = questions(Path(folder), asked)
        rounds: dict[str, list[float]] = {name: [] for name in RIVALS}
        ready = [ready_seconds(asked) for _ in range(5)]
        for _ in range(asked.rounds):
            for name in RIVALS:
                with rival(name, asked) as (url, _pid):
                    rounds[name].append(most(url, script, asked.seconds))
                    print(f"{name:>6}: {rounds[name][-1]:,.0f} requests/s", flush=True)
        best = {name: max(found) for name, found in rounds.items()}
        with rival("api", asked) as (url, pid):
            half = lateness(url, best["api"] / 2, folder, asked)
            memory = grown(url, pid, script, asked.requests)
        proxied = through_nginx(folder, asked)
    report = {
        "versions": versions(),
        "requests_per_second": {name: [round(one) for one in rounds[name]] for name in RIVALS},
        "times_naive": round(best["api"] / best["naive"], 1),
        "share_of_bare": round(best["api"] / best["bare"], 3),
        "half_of_most": half,
        "through_nginx": proxied,
        "ready_seconds": round(statistics.median(ready), 2),
        "memory_mib": memory,
    }
    asked.results.mkdir(parents=True, exist_ok=True)
    (asked.results / "serving.json").write_text(json.dumps(report, indent=1) + "\n")
    show(report)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=8, help="of one round of one rival")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=200_000, help="while memory is looked at")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    return parser.parse_args()


def questions(folder: Path, asked: argparse.Namespace) -> Path:
    """Write random questions that the model can answer; return wrk's script of them."""
    chance = random.Random(20261122)
    menus = {}
    with rival("api", asked) as (url, _):
        for hotel in range(1, 100):
            try:
                with _HTTP.open(f"{url}/v1/hotels/{hotel}/items", timeout=30) as answer:
                    menus[hotel] = [one["item_seq"] for one in json.load(answer)["items"]]
            except urllib.error.HTTPError:
                continue
    lines = [json.dumps(question(chance, menus)) for _ in range(20_000)]
    (folder / "questions").write_text("\n".join(lines) + "\n")
    script = folder / "ask.lua"
    script.write_text(LUA % (folder / "questions", PATH))
    print(f"{len(menus)} hotels with {min(map(len, menus.values()))} items and more", flush=True)
    return script


def question(chance: random.Random, menus: dict[int, list[int]]) -> dict[str, Any]:
    """Make one: any guest, any hour, up to three orders in this stay."""
    hotel = chance.choice(list(menus))
    return {
        "hotel_seq": hotel,
        "customer_seq": chance.randrange(1, 100_000),
        "at": f"2017-12-{chance.randrange(1, 32):02}T{chance.randrange(24):02}:30:00",
        "stay": {"day": chance.randrange(3), "nights": 3},
        "party": {"adults": chance.randrange(1, 4)},
        "ordered": chance.sample(menus[hotel], chance.randrange(4)),
        "k": 10,
    }


@contextmanager
def rival(name: str, asked: argparse.Namespace) -> Iterator[tuple[str, int]]:
    """Run a server on its core."""
    if name == "api":
        with run_in_background(["--lake", str(asked.lake)], environment=keyless()) as api:
            pin(api.pid)
            yield api.url, api.pid
        return
    command = pinned(SERVER_CORE, sys.executable, str(HERE / "serving_rivals.py"), name)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as one:
        url = (one.stdout or sys.exit("no output")).readline().decode().strip()
        try:
            wait_for(url)
            yield url, one.pid
        finally:
            one.send_signal(signal.SIGTERM)


def keyless() -> dict[str, str]:
    """Let nobody's own keys stand in the way."""
    return {"NEXTLOOP_SERVING__KEYS_FILE": "/nowhere/keys.json"}


def pin(pid: int) -> None:
    """Give every thread of a process the server's core."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):  # a thread may end meanwhile
            os.sched_setaffinity(int(task.name), {int(SERVER_CORE)})


def pinned(core: str, *command: str) -> list[str]:
    """Give a command a core."""
    return ["taskset", "-c", core, *command]


def wait_for(url: str) -> None:
    """Wait until it answers."""
    for _ in range(600):
        try:
            _HTTP.open(f"{url}/healthz", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"{url} does not answer")


def most(url: str, script: Path, seconds: float) -> float:
    """Ask as fast as answers come; return answers a second."""
    flags = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-s", str(script)]
    command = pinned(CALLER_CORE, "wrk", *flags, url)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout or not found:
        sys.exit(f"requests failed:\n{done.stdout}")
    return float(found[1])


def lateness(url: str, rate: float, folder: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Ask at a rate, several times over; return the best round and what each had at 99 %.

    Neighbours on a shared machine make an answer later, never earlier, as they do with rates.
    """
    rounds = [late(url, rate, folder, asked).record() for _ in range(asked.rounds)]
    best = min(rounds, key=lambda one: one["p99_ms"])
    return {**best, "p99_ms_of_rounds": [one["p99_ms"] for one in rounds]}


def late(url: str, rate: float, folder: str, asked: argparse.Namespace) -> Lateness:
    """Ask at a rate."""
    port = int(url.rpartition(":")[2])
    bodies = (Path(folder) / "questions").read_bytes().splitlines()
    os.sched_setaffinity(0, {int(CALLER_CORE)})
    try:
        return asyncio.run(kept_up(port, PATH, bodies, rate, asked.seconds * 2))
    finally:
        os.sched_setaffinity(0, range(os.cpu_count() or 1))


def grown(url: str, pid: int, script: Path, requests: int) -> list[float]:
    """Ask so often; return the server's memory in MiB ten times on the way."""
    found, done = [], 0.0
    while done < requests:
        done += most(url, script, 5) * 5
        found.append((done, proportional(pid) / 2**20))
    step = max(1, len(found) // 10)
    return [round(mib, 1) for _, mib in found[::step]]


def through_nginx(folder: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Release with the real command, ask through its nginx at a stated rate, take it away."""
    places = tempfile.mkdtemp(prefix="nl-", dir="/tmp")  # a socket's path must be short
    environment = {
        **os.environ,
        **keyless(),
        "NEXTLOOP_LAKE": str(asked.lake),
        "NEXTLOOP_ROLLOUT__FOLDER": places,
        "NEXTLOOP_ROLLOUT__PORT": "18080",
        "NEXTLOOP_ROLLOUT__INNER_PORT": "18081",
    }
    command = [sys.executable, "-m", "nextloop.cli", "rollout"]
    subprocess.run([*command, "deploy"], env=environment, check=True)
    try:
        return lateness("http://127.0.0.1:18080", RATE_THROUGH_NGINX, folder, asked)
    finally:
        subprocess.run([*command, "down"], env=environment, check=True)


def ready_seconds(asked: argparse.Namespace) -> float:
    """Start the API; return how long it took until it said that it was ready."""
    begun = time.monotonic()
    with run_in_background(["--lake", str(asked.lake)], environment=keyless()):
        return time.monotonic() - begun


def versions() -> dict[str, str]:
    """Name what was measured."""
    named = ("fastapi", "uvicorn", "lightgbm", "numpy", "mlflow-skinny", "scikit-learn", "pandas")
    return {"python": platform.python_version(), **{name: version(name) for name in named}}


def show(report: dict[str, Any]) -> None:
    """Print the table of the documentation."""
    print("\n| server on one core | requests/s |\n|---|---|")
    for name in RIVALS:
        print(f"| {NAMES[name]} | {max(report['requests_per_second'][name]):,} |")
    print(f"\n{report['times_naive']} times the usual handler, ", end="")
    print(f"{report['share_of_bare']:.0%} of the bare route; ready after ", end="")
    print(f"{report['ready_seconds']} s")
    for name in ("half_of_most", "through_nginx"):
        print(f"{name}: {report[name]}")
    print(f"memory, MiB: {report['memory_mib']}")


if __name__ == "__main__":
    main()
