"""A rate that is kept up whether or not answers come.

In: a port, requests, a rate. Out: how late answers were, counted from when each request was due.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

CONNECTIONS = 64


@dataclass(frozen=True)
class Lateness:
    """Answers to a steady rate.

    Attributes:
        rate: Requests a second.
        seconds: From when a request was due to its whole answer, one an answer.
        failed: Answers other than 200.
    """

    rate: float
    seconds: Sequence[float]
    failed: int

    def record(self) -> dict[str, float]:
        """Return what a results file holds."""
        quantiles = np.quantile(self.seconds, [0.5, 0.99, 0.999]) * 1000
        names = ("p50_ms", "p99_ms", "p999_ms")
        found = {name: round(float(one), 2) for name, one in zip(names, quantiles, strict=True)}
        return {
            "rate": round(self.rate), "answers": len(self.seconds), "failed": self.failed, **found
        }  # fmt: skip


class Caller(asyncio.Protocol):
    """One kept connection with one request under way at most."""

    def __init__(self, idle: deque[Caller], late: list[float]) -> None:
        self.idle, self.late, self.failed = idle, late, 0
        self.buffer, self.due = bytearray(), 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready to ask."""
        self.transport = cast("asyncio.WriteTransport", transport)
        self.idle.append(self)

    def ask(self, request: bytes, due: float) -> None:
        """Send a request."""
        self.due = due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take a part of the answer; note it when it is whole."""
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(body) < int(length):
            return
        self.late.append(time.perf_counter() - self.due)
        self.failed += not head.startswith(b"HTTP/1.1 200")
        self.buffer.clear()
        self.idle.append(self)


async def kept_up(
    port: int, path: str, bodies: Sequence[bytes], rate: float, seconds: float
) -> Lateness:
    """Ask at a rate.

    Args:
        port: Of the loopback.
        path: To ask.
        bodies: JSON, in turns.
        rate: Requests a second.
        seconds: How long.

    Returns:
        How late the answers were; a request that found no idle connection waited for one.
    """
    requests = [written(path, body) for body in bodies]
    idle: deque[Caller] = deque()
    late: list[float] = []
    loop = asyncio.get_running_loop()
    callers = [
        (await loop.create_connection(lambda: Caller(idle, late), "127.0.0.1", port))[1]
        for _ in range(CONNECTIONS)
    ]
    begun, sent, wanted = time.perf_counter() + 0.1, 0, int(rate * seconds)
    while sent < wanted:
        due = begun + sent / rate
        wait = due - time.perf_counter()
        if wait > 0 or not idle:
            await asyncio.sleep(max(wait, 0) if idle else 0)
            continue
        idle.popleft().ask(requests[sent % len(requests)], due)
        sent += 1
    until = time.perf_counter() + 30
    while len(late) < wanted and time.perf_counter() < until:  # noqa: ASYNC110 of many callers
        await asyncio.sleep(0.01)
    for caller in callers:
        caller.transport.close()
    lost = wanted - len(late)
    return Lateness(rate, late, sum(caller.failed for caller in callers) + lost)


def written(path: str, body: bytes) -> bytes:
    """Write a request as bytes."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
