"""Faults that a test orders: the next calls that match are refused, delayed, cut or lost."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Fault:
    """What happens to the next calls that match.

    Attributes:
        kind: `status` refuses with `status`; `stall` waits `seconds`, or until all are let go,
            before it does what is asked; `cut`
            breaks the connection after `size` bytes of the answer's body, `cut_upload` after
            `size` bytes of the request's; `lost` does what is asked and breaks the connection
            instead of answering.
        method: Of the calls, a regular expression.
        path: Is found in the calls' path and query, a regular expression.
        times: How many calls it meets.
        after: How many that match pass before.
        status: For `status`.
        seconds: For `stall`.
        size: For `cut` and `cut_upload`.
        headers: Of a refusal, such as `Retry-After`.
    """

    kind: Literal["status", "stall", "cut", "cut_upload", "lost"] = "status"
    method: str = ".*"
    path: str = ""
    times: int = 1
    after: int = 0
    status: int = 503
    seconds: float = 0.0
    size: int = 0
    headers: dict[str, str] = field(default_factory=dict)


class Faults:
    """The faults that are still to come."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._free = threading.Event()
        self.met = 0

    def order(self, fault: Fault) -> None:
        """Add a fault."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Forget all faults and let go who stalls."""
        with self._lock:
            self._faults.clear()
            self.met = 0
        self.let_go()

    def stall(self, seconds: float) -> None:
        """Wait until the time is over or all are let go."""
        self._free.wait(seconds)

    def let_go(self) -> None:
        """Let go who stalls now; who comes later stalls again."""
        free, self._free = self._free, threading.Event()
        free.set()

    def take(self, method: str, target: str) -> Fault | None:
        """The fault that meets this call, if any."""
        with self._lock:
            for fault in self._faults:
                if not (re.fullmatch(fault.method, method) and re.search(fault.path, target)):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                elif fault.times > 0:
                    fault.times -= 1
                    self.met += 1
                    return fault
        return None
