"""`nextloop run`: one command from somebody's files to a model in production."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.order_files import KEY, csv_text

from nextloop.cli import output
from nextloop.cli.app import run
from nextloop.simulator import SimulatorConfig, simulate, write
from nextloop.tables.order_file import COLUMNS

UNKNOWN = tuple(
    name
    for name in COLUMNS
    if name.startswith(("room_", "customer_", "visit", "check_")) or name == "complete_date"
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    """Six simulated weeks of two hotels."""
    root = tmp_path_factory.mktemp("simulated")
    write(simulate(SimulatorConfig(hotels=2, weeks=6, orders=2_000)), root / "w", root / "truth")
    return root / "w"


@pytest.fixture(autouse=True)
def _own_key(monkeypatch):
    """Each test has the same guest key and starts without --quiet."""
    monkeypatch.setenv("NEXTLOOP_PRIVACY__GUEST_KEY", KEY)
    yield
    output.set_quiet(quiet=False)


def test_chain_ends_with_a_model_in_production(landing, capsys):
    """The comparison is printed, the best is promoted, and what to do next is said."""
    assert run(["run", "--landing", str(landing), "--lake", "lake"]) == 0
    captured = capsys.readouterr()
    assert "6 new files: " in captured.out
    for model in ("popularity", "context", "together", "ease", "neighbours", "ranker"):
        assert model in captured.out
    assert "is in production." in captured.out
    assert "nextloop serve --lake lake" in captured.err


def test_files_without_customers_rooms_stays_and_service_times(landing, capsys):
    """What a source does not know is no reason to fail; a refused file only sets the exit code."""
    Path("bare").mkdir()
    for file in sorted(landing.iterdir()):
        with file.open(encoding="utf-8") as lines:
            rows = [{**row, **dict.fromkeys(UNKNOWN, "\\N")} for row in csv.DictReader(lines)]
        Path("bare", file.name).write_bytes(csv_text(rows).encode())
    Path("bare", "notes.csv").write_text("call the kitchen\n", "utf-8")
    as_of = ["--as-of", "2026-10-11"]
    assert run(["run", "--landing", "bare", "--lake", "lake", *as_of, "--json", "--quiet"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert [bad["file_name"] for bad in report["ingest"]["refused"]] == ["notes.csv"]
    assert report["features"]["rows"]["guest_features"] == 0
    assert report["production"] is not None
