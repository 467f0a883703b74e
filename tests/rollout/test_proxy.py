"""What callers and strangers get from nginx, beside the slots' own answers."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.ports import free_port

from nextloop.rollout.asking import ask

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ALIVE = Path(__file__).parents[2] / "deploy" / "alive.py"


def test_metrics_are_answered_where_the_setting_says(stage):
    """An address for Prometheus: slots and nginx's counts are asked there, and nowhere else."""
    stage.set(inner_address="127.0.0.2")
    stage.deploy(1)
    address, port = stage.rollout.proxy.inner
    assert address == "127.0.0.2"
    metrics = ask((address, port), "/blue/metrics")
    assert metrics
    assert b"nextloop_model_info" in metrics.body
    assert ask(("127.0.0.1", port), "/blue/metrics") is None
    counts = free_port()
    with stage.start("metrics", "--port", str(counts)) as exporter:
        until = time.monotonic() + 30
        while (found := ask((address, counts), "/metrics")) is None:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert b"nginx_up 1.0" in found.body
        assert ask(("127.0.0.1", counts), "/metrics") is None
        exporter.terminate()


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

    assert _is_alive(deployed.rollout.places.socket("blue")) == 0
    log = deployed.rollout.places.access_log.read_text()
    rows = [json.loads(line) for line in log.splitlines()]
    asked = next(row for row in rows if row["method"] == "POST" and row["model"].startswith("1-"))
    assert asked["slot"] == "blue"
    assert "481516234" not in log
    assert "127.0.0.1" not in log
    assert "/v1" not in log

    deployed.rollout.runner.stop("blue", 10)
    assert _is_alive(deployed.rollout.places.socket("blue")) == 1
    gone = ask(front, "/v1/model")
    assert gone
    assert (gone.status, gone.headers["retry-after"]) == (503, "1")
    assert gone.json()["type"] == "urn:nextloop:problem:no-answer"


def _is_alive(target):
    """Ask as the health check of the API's image does."""
    command = [sys.executable, str(ALIVE), str(target)]
    return subprocess.run(command, check=False, capture_output=True, timeout=30).returncode


def _status(front, request):
    with socket.create_connection(front, 5) as caller:
        caller.sendall(request)
        return int(caller.recv(64).split()[1])
