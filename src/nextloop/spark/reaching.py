"""Whether somebody listens where a session is to be opened; nothing is said to them."""

from __future__ import annotations

import socket
from typing import Final

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_REACH_SECONDS: Final = 5.0


def answers(host: str, port: int) -> str:
    """Tell why nothing can be reached at an address; an empty text if it can."""
    try:
        socket.create_connection((host, port), _REACH_SECONDS).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def addresses(master: str) -> list[tuple[str, int]]:
    """Split `spark://host:port,host:port` into its hosts and ports; none for other engines."""
    if not master.startswith("spark://"):
        return []
    pairs = [one.rpartition(":") for one in master.removeprefix("spark://").split(",")]
    return [(host, int(port)) for host, _, port in pairs]


def is_here(master: str) -> bool:
    """Tell whether an engine of Apache Spark runs on this machine and for it alone."""
    return all(host in LOOPBACK for host, _ in addresses(master))
