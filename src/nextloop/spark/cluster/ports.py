"""Who listens on a port of this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_LISTENING: Final = "0A"  # TCP_LISTEN of the kernel's include/net/tcp_states.h


def is_free(port: int) -> bool:
    """Tell whether a service of ours could listen on the loopback's port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def holder(port: int) -> str:
    """Name who listens on a port: `java (process 123)`, or what else can be said."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    for pid, name in _processes():
        with suppress(OSError):
            for open_file in (pid / "fd").iterdir():
                with suppress(OSError):
                    if str(open_file.readlink()) in sockets:
                        return f"{name} (process {pid.name})"
    return "a process of another user" if sockets else "something"


def _inodes(port: int) -> Iterator[str]:
    """List the sockets that listen on a port (man 5 proc: /proc/net/tcp)."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text("ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]


def _processes() -> Iterator[tuple[Path, str]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                yield entry, (entry / "comm").read_text("utf-8").strip()
