"""Which processes of this machine are the nginx of a rollout; pid files are not asked.

Comes in: its configuration and its log. Goes out: masters, by their title, and workers whose
master was killed, by the log that they hold open.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def masters(file: Path) -> list[int]:
    """Find the masters that were started with a configuration file."""
    return [pid for pid, title in _running() if "master" in title and str(file) in title]


def orphans(file: Path, log: Path) -> list[int]:
    """Find workers that write to a log and are of none of the masters."""
    known = masters(file)
    return [
        pid
        for pid, title in _running()
        if "worker" in title and _parent(pid) not in known and _holds(pid, log)
    ]


def send(pid: int, number: int) -> None:
    """Send a signal; a process that is gone needs none."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _running() -> Iterator[tuple[int, str]]:
    """List each nginx and the title that it gives itself."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                title = (entry / "cmdline").read_text("utf-8", "replace").replace("\0", " ")
                if title.startswith("nginx: "):
                    yield int(entry.name), title


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def _holds(pid: int, log: Path) -> bool:
    with suppress(OSError):
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                if handle.readlink() == log:
                    return True
    return False
