"""A command measured with every process that it starts: seconds, CPU seconds, most memory.

In: a command. Out: `Figures`. Memory is counted once where processes share it (proportional set
size, from Linux), so that a JVM's forked Pythons are not counted several times.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

_EVERY_SECONDS = 0.05
_NOTED = 1.01  # a new height of memory is measured exactly when it is so much above the last


@dataclass(frozen=True)
class Figures:
    """What a command took.

    Attributes:
        seconds: From its start to its end.
        cpu_seconds: Of all its processes.
        peak_gib: Most memory that they had together.
    """

    seconds: float
    cpu_seconds: float
    peak_gib: float

    def record(self) -> dict[str, float]:
        """Return the figures for a results file."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def measure(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Figures:
    """Run a command to its end.

    Args:
        command: It and its arguments.
        environment: Set for it besides this process's own.
    """
    # A file takes what the command says: a pipe that is read later could hold it up.
    with tempfile.TemporaryFile() as said:
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
        peak = Peak(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        peak.stop()
        if process.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace")
            sys.exit(f"{' '.join(command)} failed ({process.returncode}):\n{words}")
    # What it has waited for is in its own account; what it has not, was seen while it ran.
    cpu_seconds = max(used.ru_utime + used.ru_stime, sum(peak.cpu.values()))
    return Figures(seconds, cpu_seconds, peak.most / 2**30)


class Peak:
    """Watches a process and its children, whoever reaps them: a JVM starts Pythons of its own.

    Attributes:
        most: The most memory they had together, bytes.
        cpu: CPU seconds by process, as last seen.
    """

    def __init__(self, pid: int) -> None:
        """Start watching."""
        self.most = 0
        self.cpu: dict[int, float] = {}
        self._highest, self._pid, self._going = 0, pid, True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._going = False
        self._thread.join()

    def _watch(self) -> None:
        while self._going:
            found = tree(self._pid)
            self.cpu |= {pid: used for pid in found if (used := cpu_seconds(pid))}
            # Exact shares cost the watched process time, so they are asked for at new heights only.
            if (height := sum(map(resident, found))) > self._highest * _NOTED:
                self._highest = height
                self.most = max(self.most, sum(map(proportional, found)))
            time.sleep(_EVERY_SECONDS)


def tree(pid: int) -> list[int]:
    """Return a process and all below it."""
    found = [pid]
    for one in found:
        try:
            tasks = list(Path(f"/proc/{one}/task").iterdir())
        except OSError:  # it has ended
            continue
        for task in tasks:
            found += [int(child) for child in _read(f"{task}/children").split()]
    return found


def cpu_seconds(pid: int) -> float:
    """Return a process's CPU seconds so far, 0 if it is gone."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def resident(pid: int) -> int:
    """Return a process's resident bytes, shared ones in full; 0 if it is gone."""
    fields = _read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") if fields else 0


def proportional(pid: int) -> int:
    """Return a process's resident bytes, shared ones in shares; 0 if it is gone."""
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def versions() -> dict[str, str]:
    """Return what is measured on what."""
    names = ("pyspark", "pysail", "duckdb", "pyarrow", "deltalake")
    return {name: version(name) for name in names} | {
        "python": platform.python_version(),
        "cores": str(os.cpu_count()),
    }
