"""How many requests a slot has accepted and not finished.

The proxy opens a connection for each request and keeps none, so connections are requests. The
kernel lists those that wait to be accepted as well.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_TABLE: Final = Path("/proc/net/unix")
# include/uapi/linux/net.h: SS_CONNECTING (waits to be accepted) and SS_CONNECTED.
_OPEN: Final = ("02", "03")
_STATE, _PATH = 5, 7


def count(path: Path) -> int:
    """Count the open connections to a unix socket.

    Args:
        path: As its server bound it.
    """
    lines = (line.split(maxsplit=_PATH) for line in _TABLE.read_text("utf-8").splitlines()[1:])
    wanted = str(path)
    return sum(
        1 for each in lines if len(each) > _PATH and each[_PATH] == wanted and each[_STATE] in _OPEN
    )
