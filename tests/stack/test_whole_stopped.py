"""A whole stack that is killed, half and all of it, and one that is stopped."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import pytest
from tests.stack.listening import processes

pytestmark = pytest.mark.timeout(900)


def test_everything_killed_at_once_comes_back(whole):
    """kill -9 to every process, the database's and nginx's too: one `up` brings all of it back."""
    for entry in list(processes(whole.folder)):
        with suppress(ProcessLookupError):
            os.kill(int(entry.name), signal.SIGKILL)
    time.sleep(1)
    whole.command("stack", "status", code=4)
    assert whole.up()["ok"]
    again = time.monotonic()
    assert whole.up()["ok"]
    assert time.monotonic() - again < 20  # with nothing to do


def test_part_that_is_half_dead_is_started_again(whole):
    """What counts MLflow's requests is killed: status says so, and `up` mends it."""
    (counter,) = [
        entry
        for entry in processes(whole.folder)
        if b"metrics.py" in (entry / "cmdline").read_bytes()
    ]
    os.kill(int(counter.name), signal.SIGKILL)
    whole.command("stack", "status", code=4)
    assert whole.up()["ok"]


def test_down_leaves_nothing(whole):
    """After `down` no process is left, and `up` is not needed to say so."""
    whole.command("stack", "down")
    assert [(entry / "cmdline").read_bytes() for entry in processes(whole.folder)] == []
