"""What callers and strangers get from nginx, beside the slots' own answers."""

from __future__ import annotations

import json
import socket

import pytest

from nextloop.rollout.asking import ask

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_front_of_a_rollout(deployed):
    """Answers name slot, code and model; metrics, pages and other hosts are shut; logs are mute."""
    front, inner = deployed.rollout.proxy.front, deployed.rollout.proxy.inner
    question = json.dumps({"hotel_seq": 1, "customer_seq": 481516234}).encode()

    answer = ask(front, "/v1/recommendations?customer_seq=481516234", question)
    assert answer
    assert answer.status == 200
    assert answer.headers["x-nextloop-slot"] == "blue"
    assert answer.headers["x-nextloop-model"].startswith("1-")
    assert answer.headers["x-nextloop-code"] == deployed.run("status")["answers"]["code"]
    assert answer.headers["server"] == "nginx"

    for path in ("/metrics", "/docs", "/redoc", "/admin", "/docs/x", "/generation"):
        refused = ask(front, path)
        assert refused
        assert refused.status == 404, path
    assert ask(front, "/v1/model", host="evil.example") is None  # 444: hung up
    missing = ask(front, "/nowhere")
    assert missing
    assert missing.headers["content-type"] == "application/problem+json"  # the API's own words
    assert _status(front, b"POST /v1/recommendations HTTP/1.1\r\nHost: localhost\r\n"
                          b"Content-Length: 9999999\r\n\r\n") == 413  # fmt: skip

    metrics = ask(inner, "/blue/metrics")
    assert metrics
    assert b"nextloop_model_info" in metrics.body
    assert ask(inner, "/nginx_status")
    down = ask(inner, "/green/metrics")
    assert down
    assert down.status == 502

    log = deployed.rollout.places.access_log.read_text()
    rows = [json.loads(line) for line in log.splitlines()]
    asked = next(row for row in rows if row["method"] == "POST" and row["model"].startswith("1-"))
    assert asked["slot"] == "blue"
    assert "481516234" not in log
    assert "127.0.0.1" not in log
    assert "/v1" not in log

    deployed.rollout.runner.stop("blue", 10)
    gone = ask(front, "/v1/model")
    assert gone
    assert (gone.status, gone.headers["retry-after"]) == (503, "1")
    assert gone.json()["type"] == "urn:nextloop:problem:no-answer"


def _status(front, request):
    with socket.create_connection(front, 5) as caller:
        caller.sendall(request)
        return int(caller.recv(64).split()[1])
