"""What callers got, from nginx's own log: a line of JSON a request, read on from a place.

Comes in: the log. Goes out: the requests that ended since. Probes of ours are left out.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROBE: Final = "rollout-"
_SERVER_FAULT: Final = 500


@dataclass(frozen=True)
class Served:
    """One request as its caller saw it."""

    slot: str
    status: int
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether it was our fault."""
        return self.status >= _SERVER_FAULT


class AccessLog:
    """Reads on from where the log ended when this was made.

    Args:
        path: Of the log.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at = path.stat().st_size if path.exists() else 0

    def ended(self) -> list[Served]:
        """Return the requests whose lines came since the last call."""
        try:
            with self.path.open("rb") as log:
                if log.seek(0, os.SEEK_END) < self._at:
                    self._at = 0  # it was rotated
                log.seek(self._at)
                data = log.read()
        except OSError:
            return []
        whole = data.rfind(b"\n") + 1
        self._at += whole
        found = (_parsed(line) for line in data[:whole].splitlines())
        return [request for request in found if request is not None]


def _parsed(line: bytes) -> Served | None:
    try:
        row = json.loads(line)
        if row["request_id"].startswith(PROBE):
            return None
        return Served(row["slot"], int(row["status"]), float(row["seconds"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
