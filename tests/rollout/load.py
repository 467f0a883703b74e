"""Callers who never ask twice: a steady load, every answer and every failure written down.

In: a port, requests a second. Out: records. Four kinds take turns: GET and POST, each on a new
connection or on one that is kept. A kept connection is opened anew if the server said that it would
close it, or has closed it before the next request is sent, as every client does; what breaks once
a request is under way is a failed request.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

KINDS = ("GET new", "GET kept", "POST new", "POST kept")
QUESTION = b'{"hotel_seq": 1, "customer_seq": 1001, "at": "2017-12-25T20:00:00", "k": 2}'
LONGEST = 60.0


@dataclass(frozen=True)
class Record:
    """One request: when it was sent and answered (monotonic), and by whom, or why not."""

    kind: str
    sent: float
    ended: float
    status: int = 0
    slot: str = ""
    model: str = ""
    fault: str = ""

    @property
    def failed(self) -> bool:
        """Whether the caller got anything but what was asked for."""
        return bool(self.fault) or self.status != 200


@dataclass
class Load:
    """A load that runs until it is told to end.

    Args:
        port: Of the loopback.
        rate: Requests a second, of all kinds together.
        lanes: Kept connections of each method.
    """

    port: int
    rate: float
    lanes: int = 8
    kinds: Sequence[str] = KINDS
    records: list[Record] = field(default_factory=list)
    skipped: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def failures(self) -> list[Record]:
        """What callers lost."""
        return [record for record in self.records if record.failed]

    async def run(self) -> None:
        """Send until told to end; wait for what is under way."""
        under_way: set[asyncio.Task[None]] = set()
        idle: dict[str, list[_Lane]] = {
            kind: [_Lane(self.port) for _ in range(self.lanes)] for kind in self.kinds
        }
        begun = time.monotonic()
        for number in count():
            if self.over.is_set():
                break
            await asyncio.sleep(max(0.0, begun + number / self.rate - time.monotonic()))
            kind = self.kinds[number % len(self.kinds)]
            if not idle[kind]:
                self.skipped += 1  # all are busy: an open request is one load enough
                continue
            task = asyncio.create_task(self._one(kind, idle[kind]))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)
        for lane in (lane for lanes in idle.values() for lane in lanes):
            lane.close()

    async def _one(self, kind: str, idle: list[_Lane]) -> None:
        lane, sent = idle.pop(), time.monotonic()
        method, _, way = kind.partition(" ")
        try:
            status, headers = await asyncio.wait_for(lane.ask(method, way == "kept"), LONGEST)
        except (OSError, EOFError, ValueError, TimeoutError) as fault:
            lane.close()
            self.records.append(Record(kind, sent, time.monotonic(), fault=repr(fault)))
        else:
            found = headers.get("x-nextloop-slot", ""), headers.get("x-nextloop-model", "")
            self.records.append(Record(kind, sent, time.monotonic(), status, *found))
        finally:
            idle.append(lane)


class _Lane:
    """One caller's connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, kept: bool) -> tuple[int, dict[str, str]]:
        """Send one request and read its answer, once."""
        if self.streams is not None and self.streams[0].at_eof():
            self.close()
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        writer.write(request(method, kept))
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])
        }
        await reader.readexactly(int(headers["content-length"]))
        if not kept or headers.get("connection", "").lower() == "close":
            self.close()
        return int(head[0].split()[1]), headers

    def close(self) -> None:
        """Hang up."""
        if self.streams is not None:
            with suppress(OSError):
                self.streams[1].close()
            self.streams = None


def request(method: str, kept: bool) -> bytes:
    """Write a request as bytes."""
    way = "keep-alive" if kept else "close"
    lines = ["Host: localhost", f"Connection: {way}"]
    if method == "GET":
        return "\r\n".join(["GET /v1/model HTTP/1.1", *lines, "", ""]).encode()
    lines += ["Content-Type: application/json", f"Content-Length: {len(QUESTION)}"]
    return "\r\n".join(["POST /v1/recommendations HTTP/1.1", *lines, "", ""]).encode() + QUESTION


@contextmanager
def loaded(port: int, rate: float = 200.0, **how: object) -> Iterator[Load]:
    """Keep up a load while a block runs."""
    load = Load(port, rate, **how)  # type: ignore[arg-type]
    thread = threading.Thread(target=lambda: asyncio.run(load.run()))
    thread.start()
    try:
        yield load
    finally:
        load.over.set()
        thread.join()


def illegal(
    records: Sequence[Record], switches: Sequence[tuple[float, float, str]]
) -> list[Record]:
    """Find answers of a slot that was not live at any moment between question and answer.

    Args:
        records: What came.
        switches: From when to when each switch took, and to which slot; the first one's slot was
            live before it ended.
    """
    found = []
    for record in records:
        live = set()
        for place, (begun, _, slot) in enumerate(switches):
            until = switches[place + 1][1] if place + 1 < len(switches) else float("inf")
            if begun <= record.ended and record.sent <= until:
                live.add(slot)
        if not record.failed and record.slot not in live:
            found.append(record)
    return found
