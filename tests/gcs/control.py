"""The test's own door into the stand-in: order faults, read the log, ask for tokens.

In: requests below `/_stand_in`. They are neither logged nor met by faults.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Final

from tests.gcs.faults import Fault, Faults
from tests.gcs.identity import Identity
from tests.gcs.messages import Answer, Refused, Request, json_answer

DOOR: Final = "/_stand_in"
_KEPT_CALLS: Final = 200_000


class Log:
    """The calls that came, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[dict[str, Any]] = deque(maxlen=_KEPT_CALLS)
        self._lock = threading.Lock()

    def add(self, call: dict[str, Any]) -> None:
        """Add a call."""
        with self._lock:
            self._calls.append(call)

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._calls.clear()

    def all(self) -> list[dict[str, Any]]:
        """Every call."""
        with self._lock:
            return list(self._calls)


class Control:
    """What a test may ask of the stand-in itself."""

    def __init__(self, faults: Faults, identity: Identity, log: Log) -> None:
        self._faults, self._identity, self._log = faults, identity, log

    def answer(self, request: Request) -> Answer:
        """Answer a test."""
        match request.method, request.raw_path.removeprefix(DOOR):
            case "GET", "/log":
                return json_answer(self._log.all())
            case "DELETE", "/log":
                self._log.clear()
            case "POST", "/faults":
                self._faults.order(Fault(**request.json()))
            case "GET", "/faults":
                return json_answer(self._faults.met)
            case "DELETE", "/faults":
                self._faults.clear()
            case "POST", "/let_go":
                self._faults.let_go()
            case "POST", "/identity":
                self._identity.required = bool(request.json()["required"])
            case "GET", "/ready":
                pass
            case _:
                raise Refused(404, "The stand-in has no such door")
        return json_answer({})
