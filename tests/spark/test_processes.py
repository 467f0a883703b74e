"""Processes are told apart from later ones of their pid, and none but the meant ones end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nextloop.processes import Process, marked, start, stop
from nextloop.spark.cluster.looking import MARK
from nextloop.spark.cluster.ports import holder, is_free

SECONDS = 30.0
"""More than anything here takes; nothing waits for it to pass."""


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[str]:
    """A mark that no other test has; whatever bears it ends with the test."""
    found = f"nextloop:{tmp_path}"
    yield found
    stop(marked(MARK, found), 0.1)


def sleeper(tmp_path: Path, mark: str, code: str = "") -> Process:
    """Start a process that does not end by itself, and wait until it is at it."""
    ready = tmp_path / "ready"
    ready.unlink(missing_ok=True)
    text = f"import pathlib, signal, subprocess, sys, time\n{code}\n"
    text += f"pathlib.Path({str(ready)!r}).touch()\ntime.sleep(600)"
    log = tmp_path / "log"
    found = start([sys.executable, "-c", text], tmp_path, log, {**os.environ, MARK: mark})
    while not ready.exists():
        assert found.is_alive(), log.read_text()
    return found


def test_started_process_is_in_a_session_of_its_own(tmp_path, mark):
    """What ends the terminal, or Ctrl-C in it, does not reach it."""
    found = sleeper(tmp_path, mark)
    assert found.is_alive()
    assert os.getsid(found.pid) == found.pid != os.getsid(0)


def test_started_process_holds_nothing_of_ours_open(tmp_path, mark):
    """A pipe into which the command writes ends with the command."""
    found = sleeper(tmp_path, mark)
    open_files = {str(one.readlink()) for one in Path(f"/proc/{found.pid}/fd").iterdir()}
    assert open_files == {"/dev/null", str(tmp_path / "log")}


def test_stop_ends_it(tmp_path, mark):
    """A process that follows SIGTERM is not killed."""
    found = sleeper(tmp_path, mark)
    assert stop([found], SECONDS) == []
    assert not found.is_alive()


def test_stop_kills_what_does_not_follow(tmp_path, mark):
    """A process that ignores SIGTERM is killed after its time."""
    deaf = sleeper(tmp_path, mark, "signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    assert stop([deaf], 0.2) == [deaf]
    assert not deaf.is_alive()


@pytest.mark.parametrize("other", [{"started": 1}, {"boot": "another"}])
def test_another_process_of_that_pid_is_left_alone(tmp_path, mark, other):
    """Pids are given again: one that started at another time is not ours."""
    found = sleeper(tmp_path, mark)
    stale = replace(found, **other)
    assert not stale.is_alive()
    assert stop([stale], SECONDS) == []
    assert found.is_alive()


def test_children_are_found_by_the_mark(tmp_path, mark):
    """What a process has started is found when the process itself is long gone."""
    child = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    parent = sleeper(tmp_path, mark, child)
    both = marked(MARK, mark)
    assert len(both) == 2
    assert parent in both
    stop([parent], SECONDS)
    (left,) = marked(MARK, mark)
    stop([left], SECONDS)
    assert marked(MARK, mark) == []


def test_mark_is_compared_whole(tmp_path, mark):
    """A folder whose name begins like another's is another cluster."""
    sleeper(tmp_path, f"{mark}-other")
    assert marked(MARK, mark) == []
    stop(marked(MARK, f"{mark}-other"), SECONDS)


def test_holder_of_a_port_is_named(tmp_path, mark):
    """Whoever has to free the port is told which process to look at."""
    listening = "import socket; s = socket.create_server(('127.0.0.1', 0))"
    told = f"pathlib.Path({str(tmp_path / 'port')!r}).write_text(str(s.getsockname()[1]))"
    found = sleeper(tmp_path, mark, f"{listening}; {told}")
    port = int((tmp_path / "port").read_text())
    assert not is_free(port)
    assert f"(process {found.pid})" in holder(port)
    stop([found], SECONDS)
    assert is_free(port)
