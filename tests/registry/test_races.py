"""Twenty processes at once: one production, a complete ledger, and MLflow that agrees."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.registry import race

from nextloop.registry import lifecycle, states


@pytest.fixture
def hold(flags):
    """Let twenty processes do something at the same moment: call with what."""

    def held(act: str) -> None:
        command = [sys.executable, str(Path(race.__file__)), act, json.dumps(flags)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr

    return held


@pytest.mark.slow
def test_twenty_processes_that_promote_leave_one_production(settings, hold, mlflow_says):
    """All are recorded one after the other, MLflow agrees with the ledger, nobody fails."""
    hold("promote")
    entries = lifecycle.history(settings)
    promotions = [e for e in entries if e.action == "promote"]
    assert [e.sequence for e in entries] == list(range(1, len(entries) + 1))
    assert {e.version for e in promotions} == {1, 2, 4}
    assert [e.previous_version for e in promotions] == [
        None, *(e.version for e in promotions[:-1]),
    ]  # fmt: skip
    state = states.states(entries)
    last = promotions[-1].version
    assert [v for v, s in state.items() if s == "production"] == [last]
    alias, tags = mlflow_says(settings)
    assert alias == last
    assert {v: tag for v, tag in tags.items() if tag} == state


@pytest.mark.slow
def test_twenty_processes_that_append_get_each_number_once(settings, hold):
    """Exactly one writer wins each sequence number; the losers read again and get a later one."""
    hold("append")
    entries = lifecycle.history(settings)
    assert [e.sequence for e in entries] == list(range(1, 21))
    assert {entry.by for entry in entries} == {f"writer {n}" for n in range(20)}
