"""What a benchmark says a command took."""

from __future__ import annotations

import sys

import pytest
from benchmarks.measuring import Figures, measure

GRANDCHILD = """
import subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1]], check=True)
"""
FILL = "import time; held = bytearray(b'x') * (200 << 20); time.sleep(1)"
BURN = "import time\nwhile time.process_time() < 0.8: pass"
SHARE = """
import os, time
held = bytearray(b"x") * (200 << 20)
children = []
for _ in range(3):
    if not (child := os.fork()):
        time.sleep(1)
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
"""
UNREAPED = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # its time is not handed on to this one
time.sleep(0.5)
"""


def figures(code: str, *arguments: str) -> Figures:
    """Measure a script."""
    return measure([sys.executable, "-c", code, *arguments])


def test_memory_of_children_counts():
    """A JVM or a worker that a rival starts is part of it."""
    assert 0.19 < figures(GRANDCHILD, FILL).peak_gib < 0.4


def test_shared_memory_counts_once():
    """Three forked workers that only look at their parent's 200 MB do not make 800 of it."""
    assert 0.19 < figures(SHARE).peak_gib < 0.4


@pytest.mark.parametrize("parent", [GRANDCHILD, UNREAPED], ids=["waited_for", "left_alone"])
def test_processor_time_of_children_counts(parent):
    """Whether or not its parent waits for it."""
    assert 0.7 < figures(parent, BURN).cpu_seconds < 3


def test_seconds_are_from_start_to_end():
    """Start-up is included."""
    assert 0.5 < figures("import time; time.sleep(0.5)").seconds < 30


def test_failure_ends_the_benchmark():
    """A rival that failed has no time, and what it said is told."""
    with pytest.raises(SystemExit, match="no such landing"):
        figures("import sys; sys.exit('no such landing')")


def test_settings_of_a_command_reach_it():
    """What is set for one rival is not set for the others."""
    code = "import os, sys; sys.exit(os.environ['ONLY_HERE'] != 'yes')"
    assert measure([sys.executable, "-c", code], {"ONLY_HERE": "yes"}).seconds > 0
