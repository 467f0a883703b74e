"""A million guests and a million paths, and what Prometheus would have to keep of them."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from nextloop.telemetry import logs

MILLION = 1_000_000
BATCH = 100
FIRST = 2_000  # with guests who are known, from 1,000 on
BUDGET = 400  # series of a slot, as docs/metrics.md promises
NOON = {"at": "2017-12-26T13:00:00", "party": {"adults": 2}, "stay": {"day": 1}}


def scope(method, path):
    """Describe a request as a server does."""
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
        "headers": [(b"content-type", b"application/json")],
    }  # fmt: skip


async def answer(app, method, path, body=b""):
    """Send one request past any network; return status and body."""
    found = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        found.append(message)

    await app(scope(method, path), receive, send)
    return found[0]["status"], b"".join(each.get("body", b"") for each in found[1:])


async def flood(app, numbers):
    """Ask for each guest, a hundred in a request, and for a path of each one's own."""
    statuses = set()
    for first in range(numbers.start, numbers.stop, BATCH):
        some = range(first, min(first + BATCH, numbers.stop))
        guests = [{"hotel_seq": 1 + n % 2, "customer_seq": n, **NOON} for n in some]
        body = json.dumps({"requests": guests}).encode()
        status, answers = await answer(app, "POST", "/v1/recommendations:batch", body)
        statuses.add(status)
        assert answers.count(b'"status":200') == len(some)
        for number in some:
            statuses.add((await answer(app, "GET", f"/guests/{number}"))[0])
    return statuses


async def series(app):
    """List the series of a scrape."""
    _, text = await answer(app, "GET", "/metrics")
    return {re.sub(r" \S+$", "", line) for line in text.decode().splitlines() if line[:1] != "#"}


@pytest.mark.flood
@pytest.mark.timeout(3600)
def test_a_million_guests_and_paths_add_no_series(api):
    """After the first two thousand of each, the others make no new series; nor many at all."""

    async def run():
        assert await flood(api.app, range(FIRST)) == {200, 404}
        before = await series(api.app)
        await flood(api.app, range(FIRST, MILLION))
        return before, await series(api.app)

    logs.configure(level="error")  # a line for each request is for files
    try:
        before, after = asyncio.run(run())
    finally:
        logs.configure()
    assert after == before
    assert len(after) < BUDGET
