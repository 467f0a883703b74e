"""The demo's story: simulate, take in week by week, learn, promote, serve, ask, report.

In come the demo's numbers and its folder, out goes what every station gave and how long it took.
The stations are the jobs that run on real files; only the hotels are made up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from nextloop import simulator
from nextloop.jobs.demo.asking import Asked, ask
from nextloop.jobs.demo.clock import Clock, Duration, Step
from nextloop.jobs.demo.folder import DemoFolder, deliver
from nextloop.jobs.demo.guests import three_guests
from nextloop.jobs.features import FeaturesReport, features, newest_date
from nextloop.jobs.ingest import IngestReport, ingest
from nextloop.jobs.promotion import promote
from nextloop.jobs.report.facts import Chain, collect
from nextloop.jobs.report.page import render
from nextloop.jobs.sessions import session_for
from nextloop.jobs.train import TrainReport, train
from nextloop.settings import Settings
from nextloop.simulator import SimulatorConfig

BROKEN_ROWS: Final = 0.001
"""Share of rows that the demo damages on purpose, so that there is something to reject."""


class Api(Protocol):
    """An API that answers."""

    @property
    def url(self) -> str:
        """Where it does."""


StartApi = Callable[[Sequence[str]], AbstractContextManager[Api]]
"""Starts the API with flags of `nextloop serve`; it is stopped when the block is left."""


@dataclass(frozen=True)
class DemoReport:
    """What a demo gave.

    Attributes:
        made_with: The demo's numbers.
        ingested: What each week's ingest did, by file.
        features: What was made of the orders.
        trained: The models and how they compare.
        production: The version that answered.
        promotion: How it came into production, in a sentence.
        asked: The three guests and their offers.
        durations: Of the stations, in their order.
        page: The report to look at.
    """

    made_with: Mapping[str, Any]
    ingested: Mapping[str, IngestReport]
    features: FeaturesReport
    trained: TrainReport
    production: int | None
    promotion: str
    asked: list[Asked]
    durations: list[Duration]
    page: Path


def made_with(config: SimulatorConfig) -> dict[str, Any]:
    """Return the numbers that tell one demo from another."""
    return {name: asdict(config)[name] for name in ("hotels", "weeks", "orders", "seed")}


def demo(
    folder: DemoFolder,
    config: SimulatorConfig,
    settings: Settings,
    clock: Clock,
    start_api: StartApi,
) -> DemoReport:
    """Run the whole chain on simulated hotels.

    Args:
        folder: The demo's, opened.
        config: Which hotels.
        settings: Those of the folder: its landing, its lake, its guest key.
        clock: Shows and times the stations.
        start_api: Starts the API as a process of its own.

    Returns:
        What came out; the page is written.

    Raises:
        NextLoopError: A station could not do its work.
    """
    with clock.station("simulate") as step:
        files = _simulate(folder, config, step)
    with ExitStack() as open_until_read:
        with clock.station("engine"):
            spark = open_until_read.enter_context(session_for(settings, None))
        with clock.station("ingest") as step:
            ingested = _ingest(folder, settings, spark, files, step)
        with clock.station("features") as step:
            made = features(settings, newest_date(settings), spark, step.update)
    with clock.station("train") as step:
        trained = train(settings, made.as_of, step.update)
    with clock.station("promote"):
        promoted = promote(settings, "staging", "the best model of the demo's training")
    with ExitStack() as open_until_answered:
        with clock.station("serve"):
            api = open_until_answered.enter_context(start_api([]))
        with clock.station("ask") as step:
            asked = _ask(folder, api, made, step)
        with clock.station("report"):
            chain = Chain(made_with(config), ingested, made, trained, asked, clock.durations)
            _write_page(folder, settings, chain)
    return DemoReport(
        made_with=chain.made_with,
        ingested=ingested,
        features=made,
        trained=trained,
        production=promoted.production,
        promotion=promoted.message,
        asked=asked,
        durations=clock.durations,
        page=folder.report,
    )


def _simulate(folder: DemoFolder, config: SimulatorConfig, step: Step) -> list[str]:
    """Let the hotels' systems export their weeks; return the files' names, the oldest first."""
    names = [config.file_name(week) for week in range(config.weeks)]
    simulator.prepare(folder.export, folder.truth, names)
    done = iter(range(1, config.hotels + config.weeks + 1))
    total = config.hotels + config.weeks

    def tell(what: str) -> None:
        step.update(next(done), total, what)

    world = simulator.simulate(config, tell)
    simulator.write(world, folder.export, folder.truth, tell)
    return names


def _ingest(
    folder: DemoFolder, settings: Settings, spark: SparkSession, files: Sequence[str], step: Step
) -> dict[str, IngestReport]:
    """Let each week's file arrive and take it in, one run a week."""
    found = {}
    for done, name in enumerate(files):
        step.update(done, len(files), name)
        deliver(folder, name)
        found[name] = ingest(settings, spark)
    step.update(len(files), len(files), "published")
    folder.export.rmdir()
    return found


def _ask(folder: DemoFolder, api: Api, made: FeaturesReport, step: Step) -> list[Asked]:
    guests = three_guests(folder.truth, made.as_of)
    found = []
    for done, guest in enumerate(guests):
        step.update(done, len(guests), guest.title)
        found.append(ask(api.url, guest))
    step.update(len(guests), len(guests), "answered")
    return found


def _write_page(folder: DemoFolder, settings: Settings, chain: Chain) -> None:
    rows = pq.read_table(folder.truth / "departments.parquet").to_pylist()
    departments = {row["department_seq"]: row["name"] for row in rows}
    page = render(collect(settings, chain, departments))
    draft = folder.report.with_suffix(".part")
    draft.write_text(page, encoding="utf-8")
    draft.replace(folder.report)
