"""What docs/benchmarks.md says was measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_page_is_what_the_results_say():
    """Page and picture are written from the results that are kept beside the benchmarks."""
    done = subprocess.run(
        [sys.executable, "benchmarks/chart.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
