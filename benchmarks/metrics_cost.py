"""What do metrics cost the API, of its requests per second?

    python benchmarks/metrics_cost.py

Simulated hotels are trained on; three processes serve the same model as `nextloop serve` does: with
the instruments, with them behind the instrumentator's own middleware, and without. They take short
turns, the order changing, each answering the same questions over one kept connection. A process
answers on one core, so its processor time for a request is what its requests per second go by; only
ratios within one run mean something.
Results go to `benchmarks/results/metrics_cost.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from prometheus_fastapi_instrumentator import Instrumentator
from prometheus_fastapi_instrumentator.metrics import Info

import recommender_sets as sets
from nextloop import simulator
from nextloop.recommender.bundle import Bundle
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.training import train
from nextloop.registry import artifact
from nextloop.registry.versions import ModelRef
from nextloop.serving import app as api
from nextloop.serving import model
from nextloop.serving.doors import Doors
from nextloop.serving.instruments import Instruments
from nextloop.serving.model import ModelSlot
from nextloop.serving.service import Service
from nextloop.settings import OrderSettings, ServingSettings
from nextloop.simulator import SimulatorConfig
from nextloop.telemetry import logs

RESULTS = Path(__file__).parent / "results" / "metrics_cost.json"
KEY = b"an only-for-benchmarks guest key of 44 chars"
WARM_UP = 40  # rounds that are not counted
SIDES = ("with", "instrumentator", "without")


class Through(Instruments):
    """Instruments behind the instrumentator's own middleware."""

    def install(self, app: Any) -> None:
        """Measure as prometheus-fastapi-instrumentator does by itself."""
        Instrumentator(
            should_group_status_codes=False,
            excluded_handlers=["^/metrics$", "^/healthz$", "^/readyz$"],
            registry=self.registry,
        ).add(self._told).instrument(app)

    def _told(self, info: Info) -> None:
        status = int(info.modified_status)
        self.responded(info.method, info.modified_handler, status, info.modified_duration)


class Silent(Instruments):
    """Instruments that measure nothing."""

    def install(self, app: Any) -> None:
        """Leave the app as it is."""

    def answered(self, answer: Any, seconds: float) -> None:
        """Count nothing."""

    def seen(self, query: Any, answer: Any) -> None:
        """Count nothing."""

    def loaded(self, model: Any) -> None:
        """Note nothing."""


def main() -> None:
    """Measure and print."""
    asked = arguments()
    if asked.child:
        serve(asked.child, asked.folder)
        return
    with tempfile.TemporaryDirectory(prefix="nextloop-cost-") as name:
        folder = Path(name)
        hotels = trained(folder)
        slots = {side: start(side, folder) for side in SIDES}
        try:
            rounds = [turn(slots, hotels, asked.requests, number) for number in range(asked.rounds)]
        finally:
            for process, _ in slots.values():
                process.terminate()
                process.wait()
    told = report(rounds[WARM_UP:], asked.requests)
    RESULTS.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")
    print(json.dumps(told, indent=1))


def trained(folder: Path) -> list[int]:
    """Train a ranker on simulated hotels and store it; give the hotels' numbers."""
    world = SimulatorConfig(hotels=3, orders=20_000)
    simulator.write(simulator.simulate(world), folder / "landing", folder / "truth")
    result = train(sets.orders_of(folder / "landing", folder), TrainingConfig())
    bundle = result.models["ranker"].bundle
    (folder / "digest").write_text(artifact.write(bundle.to_files(), folder / "model"))
    return [int(hotel) for hotel in Bundle.from_files(bundle.to_files()).hotels]


def start(side: str, folder: Path) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start one of the two and connect to it."""
    process = subprocess.Popen([sys.executable, __file__, "--child", side, "--folder", str(folder)])
    connection = socket.socket(socket.AF_UNIX)
    for _ in range(600):
        try:
            connection.connect(str(folder / f"{side}.sock"))
        except OSError:
            time.sleep(0.1)
        else:
            return process, connection
    raise RuntimeError(f"the API {side} metrics did not start")


def turn(
    slots: dict[str, tuple[subprocess.Popen[bytes], socket.socket]],
    hotels: list[int],
    requests: int,
    number: int,
) -> dict[str, tuple[float, float]]:
    """Let each answer the questions once; give processor seconds and seconds of a request."""
    found = {}
    first = number % len(SIDES)
    for side in SIDES[first:] + SIDES[:first]:
        process, connection = slots[side]
        used, begun = processor_seconds(process.pid), time.monotonic()
        for place in range(requests):
            ask(connection, question(hotels, number * requests + place))
        took = time.monotonic() - begun
        found[side] = ((processor_seconds(process.pid) - used) / requests, took / requests)
    return found


def question(hotels: list[int], number: int) -> bytes:
    """Make a request; every one of another guest."""
    body = json.dumps(
        {
            "hotel_seq": hotels[number % len(hotels)],
            "customer_seq": number,
            "at": f"2017-12-{1 + number % 28:02}T{number % 24:02}:15:00",
            "party": {"adults": 1 + number % 4},
            "stay": {"day": number % 5},
        }
    ).encode()
    head = (
        "POST /v1/recommendations HTTP/1.1",
        "Host: api",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*head, "", "")).encode() + body


def ask(connection: socket.socket, request: bytes) -> None:
    """Send a request and read its answer."""
    connection.sendall(request)
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65_536)
    head, _, body = got.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(got.decode(errors="replace"))
    length = next(
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if b"content-length" in line
    )
    while len(body) < length:
        body += connection.recv(65_536)


def processor_seconds(pid: int) -> float:
    """Read how long a process's threads have run, which Linux counts in nanoseconds."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def serve(side: str, folder: Path) -> None:
    """Serve the model, as `nextloop serve` does, until told to stop."""
    import uvicorn

    logs.configure("warning")
    slot = ModelSlot()
    nowhere = folder / "no-keys.json"
    doors = Doors.of(ServingSettings(keys_file=nowhere), reachable=False)
    service = Service(slot, KEY, OrderSettings(), rules=lambda: doors.rules.value)
    other = {"without": Silent, "instrumentator": Through}
    api.Instruments = other.get(side, Instruments)  # type: ignore[misc]
    made = api.create(service, doors)
    reference = ModelRef(
        version=1, model="ranker", digest=(folder / "digest").read_text(),
        bundle_folder=folder / "model", place="model", created=datetime.now(UTC),
        as_of=date(2017, 12, 24), training="", run="", metrics={},
    )  # fmt: skip
    slot.fill(model.load(reference))
    uvicorn.run(
        made, uds=str(folder / f"{side}.sock"), lifespan="off", log_config=None, access_log=False,
        server_header=False, timeout_keep_alive=75,
    )  # fmt: skip


def lost(rounds: list[dict[str, tuple[float, float]]], side: str) -> dict[str, Any]:
    """Give the share of requests per second, paired: a round's turns had the same neighbours."""
    ratios = np.array([each[side][0] / each["without"][0] for each in rounds])
    drawn = np.random.default_rng(1).integers(len(ratios), size=(2000, len(ratios)))
    low, high = np.quantile(np.median(ratios[drawn], axis=1), [0.025, 0.975])
    middle, *interval = (round(1 - 1 / float(each), 4) for each in (np.median(ratios), low, high))
    return {"share": middle, "95_percent_interval": interval}


def report(rounds: list[dict[str, tuple[float, float]]], requests: int) -> dict[str, Any]:
    """Compare the two round by round."""
    return {
        "requests_per_second_lost": {side: lost(rounds, side) for side in SIDES[:-1]},
        "processor_milliseconds": {
            side: round(1000 * statistics.median(each[side][0] for each in rounds), 4)
            for side in SIDES
        },
        "milliseconds_with_client": {
            side: round(1000 * statistics.median(each[side][1] for each in rounds), 4)
            for side in SIDES
        },
        "rounds": len(rounds),
        "requests_a_round": requests,
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
        "versions": {
            name: version(name)
            for name in ("prometheus-client", "prometheus-fastapi-instrumentator", "fastapi")
        },
    }


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=10, help="of a round and side")
    parser.add_argument("--rounds", type=int, default=540, help="the first ones warm up")
    parser.add_argument("--child", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
