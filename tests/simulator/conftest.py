"""Two simulated worlds for all tests of the simulator: one written to files, one only in memory."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nextloop import simulator
from nextloop.simulator import SimulatorConfig, World, Written
from nextloop.simulator import truth as truths
from nextloop.simulator.truth import Truth


@dataclass(frozen=True)
class Export:
    """A small world as files; `rows` are the CSV's rows by file, each a dict of texts."""

    world: World
    landing: Path
    truth_folder: Path
    written: list[Written]
    rows: dict[str, list[dict[str, str]]]
    truth: Truth

    def lines(self, row: dict[str, str]) -> list[dict[str, Any]]:
        """Return the items of a row."""
        contents = json.loads(row["contents"])
        return contents if isinstance(contents, list) else [contents]


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Export:
    folder = tmp_path_factory.mktemp("export")
    config = SimulatorConfig(hotels=2, weeks=4, orders=6_000, duplicate_rows=0.002, seed=5)
    world = simulator.simulate(config)
    landing, truth = folder / "landing", folder / "truth"
    written = simulator.write(world, landing, truth)
    rows = {}
    for one in written:
        with (landing / one.file).open(encoding="utf-8", newline="") as file:
            rows[one.file] = list(csv.DictReader(file, strict=True))
    return Export(world, landing, truth, written, rows, truths.load(truth))


@pytest.fixture(scope="session")
def world() -> World:
    return simulator.simulate(SimulatorConfig(hotels=3, weeks=10, orders=30_000, seed=11))
