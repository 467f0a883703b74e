"""Ports for servers that tests start: `python tests/ports.py` prints one."""

from __future__ import annotations

import random
import socket
import sys
from functools import cache
from pathlib import Path

_OURS = range(15_000, 65_536)  # below lie those that services of ours and others have by default
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """Name a port that nobody listens on, another one at each call.

    A server takes seconds until it listens. One of the ports that the kernel gives to connections
    may meanwhile be somebody's, and the server cannot have it; so none of these is named.
    """
    ports = _unclaimed()
    while True:
        port = ports.pop()
        with socket.socket() as found:
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


@cache
def _unclaimed() -> list[int]:
    low, high = (int(end) for end in _EPHEMERAL.read_text().split())
    ports = [port for port in _OURS if not low <= port <= high] or list(_OURS)
    random.shuffle(ports)
    return ports


if __name__ == "__main__":
    sys.stdout.write(f"{free_port()}\n")
