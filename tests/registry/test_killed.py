"""A promotion that is killed at any step leaves one production and a complete ledger."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.registry import killed

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_kill_minus_nine_at_each_step(settings, flags, mlflow_says):
    """Before the ledger's commit nothing has happened, after it everything follows."""
    command = [sys.executable, str(Path(killed.__file__)), json.dumps(flags)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env={"PYTHONPATH": ":".join([str(ROOT), *sys.path])},
    )
    assert (done.returncode, done.stderr) == (0, "")
    before, rows = None, 0
    for step in json.loads(done.stdout):
        decided = step["point"] not in killed.UNDECIDED
        assert step["production"] == (step["wanted"] if decided else before), step
        assert step["in_production"] == ([step["production"]] if step["production"] else []), step
        rows += (2 if before else 1) if decided and before != step["wanted"] else 0
        assert step["sequence"] == list(range(1, rows + 1)), step
        assert step["repairs"][1] == [], step
        before = step["production"]
    assert mlflow_says(settings)[0] == before
