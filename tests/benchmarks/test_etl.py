"""The benchmark itself, at a size that shows only that it works."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_rivals_come_to_the_same_orders(tmp_path):
    """The floor and ingest are measured in one run, on equal results, with their growth."""
    results = tmp_path / "etl.json"
    done = subprocess.run(
        [
            *(sys.executable, "benchmarks/etl.py", "--rounds", "1", "--results", str(results)),
            *("--orders", "300", "600", "--rivals", "duckdb", "sail"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(results.read_text())
    assert [size["made"]["orders"] for size in report["sizes"].values()] == [300, 600]
    for size in report["sizes"].values():
        for rival in ("duckdb", "sail"):
            assert all(value > 0 for value in size["best"][rival].values())
    assert done.stdout.count("NextLoop on Sail") == 2
    assert done.stdout.split("NextLoop on Sail")[2].split()[-1] != "-"
