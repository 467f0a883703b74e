"""Processes that outlive the command that started them, told apart from later ones of their pid.

A process is its pid, when it started and on which boot: the kernel gives pids again. Signals go
through a pidfd, which stays with the process that was looked at. Linux only.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_STARTED: Final = 19
"""Place of the start time behind the name in /proc/PID/stat (man 5 proc: field 22)."""


@dataclass(frozen=True)
class Process:
    """One process, for ever.

    Attributes:
        pid: Its number.
        started: Clock ticks from boot to its start.
        boot: The boot.
    """

    pid: int
    started: int
    boot: str

    def is_alive(self) -> bool:
        """Tell whether it runs; one that has ended and was not waited for does not."""
        with _opened(self) as handle:
            return handle is not None and not _has_ended(handle)


def start(command: Sequence[str], folder: Path, log: Path, variables: Mapping[str, str]) -> Process:
    """Start a process in a session of its own, with nothing of this one's but the environment.

    Args:
        command: The program and its arguments.
        folder: Where it works.
        log: Takes what it says; begun anew.
        variables: Its environment; what it and its children are found by (`marked`) is in it.
    """
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as words:
        child = subprocess.Popen(  # noqa: S603 our own command
            command,
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            start_new_session=True,
        )
    child.returncode = 0  # it is not ours to wait for: keep Popen from warning that it still runs
    found = _look(child.pid)
    return found or Process(child.pid, 0, "")


def marked(variable: str, mark: str) -> list[Process]:
    """Find all processes of this user that bear a mark, whoever their parents were.

    Args:
        variable: Of the environment that they were started with.
        mark: Its value.
    """
    wanted = f"{variable}={mark}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(_look(int(entry.name)))
    return [process for process in found if process is not None and process.is_alive()]


def stop(processes: Iterable[Process], seconds: float) -> list[Process]:
    """End processes: SIGTERM, and SIGKILL for those that are there after some time.

    Args:
        processes: Which.
        seconds: How long they have for an orderly end.

    Returns:
        Those that had to be killed.
    """
    left = terminate(processes, seconds)
    kill(left, seconds)
    return left


def terminate(processes: Iterable[Process], seconds: float) -> list[Process]:
    """Ask processes to end.

    Args:
        processes: Which.
        seconds: How long to wait for it.

    Returns:
        Those that are still there.
    """
    asked = [process for process in processes if _signal(process, signal.SIGTERM)]
    return _await_end(asked, time.monotonic() + seconds)


def kill(processes: Iterable[Process], seconds: float) -> list[Process]:
    """End processes without asking.

    Args:
        processes: Which.
        seconds: How long to wait until the system has cleared them away.

    Returns:
        Those that are still there.
    """
    killed = [process for process in processes if _signal(process, signal.SIGKILL)]
    return _await_end(killed, time.monotonic() + seconds)


def _await_end(processes: list[Process], until: float) -> list[Process]:
    """Wait for ends; return those that have not come."""
    left = processes
    while left and time.monotonic() < until:
        with _opened(left[0]) as handle:
            if handle is not None:
                _has_ended(handle, min(0.5, max(0.0, until - time.monotonic())))
        left = [process for process in left if process.is_alive()]
    return left


def _signal(process: Process, number: int) -> bool:
    with _opened(process) as handle:
        if handle is None or _has_ended(handle):
            return False
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, number)
            return True
    return False


@contextmanager
def _opened(process: Process) -> Iterator[int | None]:
    """Give a handle on the very process, None if it is gone."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        yield None
        return
    try:
        # Looked at after opening: the handle cannot go over to a later process of that pid.
        yield handle if _look(process.pid) == process else None
    finally:
        os.close(handle)


def _has_ended(handle: int, seconds: float = 0.0) -> bool:
    watched = select.poll()
    watched.register(handle, select.POLLIN)
    return bool(watched.poll(seconds * 1000))


def _look(pid: int) -> Process | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return Process(pid, int(fields[_STARTED]), _BOOT.read_text("ascii").strip())
    except (OSError, IndexError):
        return None
