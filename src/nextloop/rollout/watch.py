"""A release in front of callers: proven to be there, then watched for a while.

Comes in: the slot that the link names. Goes out: what was seen, or why it has to go. Two things
are looked at: what callers get, by nginx's log, and questions of our own, every tenth of a second,
since there may be no callers. A slot that is dead is noticed at the second question, 0.3 s after
it died; one that hangs after the second question's time, 5 s.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import INTERNAL_SERVER_ERROR
from itertools import count
from typing import Final

from nextloop.errors import ReleaseFault
from nextloop.rollout import asking, golden
from nextloop.rollout.access_log import PROBE, AccessLog, Served
from nextloop.rollout.golden import Case
from nextloop.rollout.proxy import Proxy
from nextloop.rollout.release import Release
from nextloop.settings import RolloutSettings

_PROVE_TRIES: Final = 3
_PROBE_SECONDS: Final = 0.1
_FAILED_IN_A_ROW: Final = 2
_FEWEST_TIMED: Final = 20
_PERCENTILE: Final = 0.95


@dataclass
class Watched:
    """What was seen of a release after the switch.

    Attributes:
        slot: That it runs in.
        seconds: How long it was watched.
        requests: Of callers, that it answered or that nobody answered.
        failed: Of these, with 5xx.
        slow_seconds: 95th percentile of their time, None if there were few.
    """

    slot: str
    seconds: float = 0.0
    requests: int = 0
    failed: int = 0
    slow_seconds: float | None = None

    def __post_init__(self) -> None:
        self._times: list[float] = []

    def add(self, ended: Sequence[Served]) -> None:
        """Count requests; those that the slot before still finishes are not its."""
        for request in ended:
            if request.slot in (self.slot, ""):
                self.requests += 1
                self.failed += request.failed
                self._times.append(request.seconds)
        if len(self._times) >= _FEWEST_TIMED:
            place = math.ceil(_PERCENTILE * len(self._times)) - 1
            self.slow_seconds = sorted(self._times)[place]


def prove(proxy: Proxy, slot: str, release: Release) -> None:
    """Ask through the proxy who answers: only that tells that the switch was made.

    Raises:
        ReleaseFault: Another one answers, or nobody.
    """
    wanted = asking.Ready(slot, release.code, release.version, release.digest)
    found = None
    for _ in range(_PROVE_TRIES):
        found = asking.ready(proxy.front, host=proxy.host, request_id=f"{PROBE}prove")
        if found == wanted:
            return
        time.sleep(_PROBE_SECONDS)
    said = f"{found.slot} answers with model version {found.version}" if found else "nobody answers"
    raise ReleaseFault(f"After the switch to {slot}, {said} through the proxy.")


def watch(
    settings: RolloutSettings,
    proxy: Proxy,
    slot: str,
    log: AccessLog,
    cases: Sequence[Case],
    tell: Callable[[Watched], None] = lambda _: None,
) -> Watched:
    """Look on for as long as the settings say.

    Args:
        settings: Of this process.
        proxy: In front.
        slot: That the link names.
        log: From before the switch on.
        cases: Questions to ask by the way.
        tell: Told what was seen, again and again; it sees the last state if this raises.

    Returns:
        What was seen.

    Raises:
        ReleaseFault: Too many requests fail, they are too slow, or our own are not answered.
    """
    seen, begun, failed = Watched(slot), time.monotonic(), 0
    for turn in count():
        seen.seconds = time.monotonic() - begun
        seen.add(log.ended())
        tell(seen)
        _judge(settings, seen)
        if seen.seconds >= settings.watch_seconds:
            return seen
        failed = 0 if _answers(proxy, slot, cases, turn) else failed + 1
        if failed >= _FAILED_IN_A_ROW:
            raise ReleaseFault(f"{slot} stopped answering {seen.seconds:.1f} s after the switch.")
        time.sleep(_PROBE_SECONDS)
    raise AssertionError  # the count has no end


def _judge(settings: RolloutSettings, seen: Watched) -> None:
    if seen.failed >= settings.watch_errors and (
        seen.failed >= settings.watch_error_ratio * seen.requests
    ):
        raise ReleaseFault(f"{seen.failed} of {seen.requests} requests failed after the switch.")
    if seen.slow_seconds is not None and seen.slow_seconds > settings.watch_slow_seconds:
        raise ReleaseFault(
            f"The slowest twentieth of {seen.requests} requests took {seen.slow_seconds:.2f} s "
            f"or more after the switch; {settings.watch_slow_seconds:g} s are allowed."
        )


def _answers(proxy: Proxy, slot: str, cases: Sequence[Case], turn: int) -> bool:
    """Ask one question as a caller would, another kind each turn."""
    name = f"{PROBE}watch-{turn}"
    if not cases or turn % 2:
        found = asking.ready(proxy.front, host=proxy.host, request_id=name)
        return found is not None and found.slot == slot
    body = json.dumps(cases[turn // 2 % len(cases)].question).encode()
    reply = asking.ask(proxy.front, golden.ROUTE, body, host=proxy.host, request_id=name)
    return reply is not None and reply.status < INTERNAL_SERVER_ERROR
