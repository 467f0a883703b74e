"""Who asks, and whether they may: before any route, so that a new route is closed by itself.

In comes a request with a key in its headers, out goes the same request with its caller, or a
problem: 401 without a good key, 429 above the key's rate. Which hotels a caller may ask about is
looked at by the routes, through `Caller.check`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from nextloop.serving.keys import Key, KeyRing
from nextloop.serving.problems import ProblemFault, answer, request_id_of

OPEN_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics", "/openapi.json"})
"""Paths that need no key: probes, scrapes and the contract. None of them names a hotel."""
KEY_HEADER: Final = "X-Api-Key"
_BEARER: Final = "bearer "


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Args:
        key: Their key; None on a machine that asks for none.
        buckets: Count what they send.
    """

    key: Key | None = None
    buckets: Buckets | None = None

    @property
    def may_ask_all(self) -> bool:
        """Whether every hotel is theirs."""
        return self.key is None or self.key.hotels is None

    def check(self, hotel: int) -> None:
        """Refuse what is not theirs, whether or not there is such a hotel.

        Args:
            hotel: The hotel that is asked about.

        Raises:
            ProblemFault: 403.
        """
        if self.key is not None and not self.key.may_ask(hotel):
            raise other_hotel()

    def charge(self, more: int) -> None:
        """Count further questions that came in the same request."""
        if self.key is not None and self.buckets is not None:
            self.buckets.charge(self.key.id, more)


KEY_FAULTS: Final = (ProblemFault(401), ProblemFault(429))
"""What any route that is not open can answer: for the API's description."""


def other_hotel() -> ProblemFault:
    """Describe a question about a hotel that the key is not for."""
    return ProblemFault(403)


class Buckets:
    """How much each key may still send: it fills steadily up to the burst.

    Args:
        rate: Requests a second.
        burst: Requests at once.
        clock: Seconds.
    """

    def __init__(
        self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rate, self.burst, self.clock = rate, burst, clock
        self.left: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> float:
        """Count a request.

        Args:
            key: The key's id; there are as many as keys were made, so this does not grow.

        Returns:
            0 if it may be answered, else the seconds to wait.
        """
        now = self.clock()
        left, since = self.left.get(key, (float(self.burst), now))
        left = min(float(self.burst), left + (now - since) * self.rate)
        if left < 1:
            self.left[key] = (left, now)
            return (1 - left) / self.rate
        self.left[key] = (left - 1, now)
        return 0.0

    def charge(self, key: str, more: int) -> None:
        """Count what came in a request that is answered already: the next ones wait for it.

        Args:
            key: The key's id, after `take`.
            more: Questions beside the first.
        """
        left, since = self.left[key]
        self.left[key] = (left - more, since)


@dataclass(frozen=True, slots=True)
class Access:
    """Whom an app answers.

    Args:
        keys: Gives the keys that are good now; None while everybody is answered.
        buckets: Limits each key.
    """

    keys: Callable[[], KeyRing | None]
    buckets: Buckets


class Guard:
    """Lets through who may ask.

    Args:
        app: What is inside.
        access: Whom it answers.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app, self.access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        fault = self._admit(scope) if scope["type"] == "http" else None
        if fault is None:
            await self.app(scope, receive, send)
        else:
            await answer(fault, request_id_of(scope))(scope, receive, send)

    def _admit(self, scope: Scope) -> ProblemFault | None:
        ring = self.access.keys()
        if ring is None or scope["path"] in OPEN_PATHS:
            scope["state"]["caller"] = Caller()
            return None
        key = ring.find(_sent(Headers(scope=scope)))
        if key is None:
            return ProblemFault(401, headers={"www-authenticate": "Bearer"})
        wait = self.access.buckets.take(key.id)
        if wait:
            return ProblemFault(429, headers={"retry-after": str(math.ceil(wait))})
        scope["state"]["caller"] = Caller(key, self.access.buckets)
        return None


def caller_of(scope: Scope) -> Caller:
    """Find who sent a request.

    Args:
        scope: The request's ASGI scope.

    Returns:
        The caller that the guard let in.
    """
    caller: Caller = scope["state"]["caller"]
    return caller


def _sent(headers: Headers) -> str:
    bearer = headers.get("authorization", "")
    if bearer[: len(_BEARER)].lower() == _BEARER:
        return bearer[len(_BEARER) :].strip()
    return headers.get(KEY_HEADER, "")
