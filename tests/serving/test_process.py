"""The real server process: it starts, is ready, answers, finishes what it accepted, and ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from nextloop import privacy
from nextloop.cli.app import run
from nextloop.errors import SystemFault
from nextloop.serving import server as server_module
from nextloop.serving.background import Running, run_in_background
from nextloop.storage.lake import create_lake

KEY = "an only-for-tests guest key of 38 characters"
# Whoever runs the tests may have made keys for callers of their own.
NO_KEYS = {"NEXTLOOP_SERVING__KEYS_FILE": "/nowhere/api-keys.json"}
ENVIRONMENT = {"NEXTLOOP_PRIVACY__GUEST_KEY": KEY, **NO_KEYS}
QUESTION = {"hotel_seq": 1, "customer_seq": 1001, "at": "2017-12-25T20:00:00", "k": 2}


@pytest.fixture(scope="module")
def server(lake: Path) -> Iterator[Running]:
    """Run one server for the tests that only ask it."""
    with run_in_background(["--lake", str(lake)], environment=ENVIRONMENT) as running:
        yield running


def test_server_is_ready_and_answers(server, model_refs):
    """The started process names the production model and answers a regular with their beer."""
    assert server.model_version == 1
    assert server.model_digest == model_refs["ranker"].digest
    with httpx.Client(base_url=server.url) as client:
        response = client.post("/v1/recommendations", json=QUESTION)
    assert response.json()["offers"][0]["item_name"] == "맥주"
    assert "server" not in response.headers


def test_server_holds_none_of_the_heavy_libraries(server):
    """Arrow, pandas and scikit-learn are installed, and not loaded by the process that serves."""
    loaded = Path(f"/proc/{server.pid}/maps").read_text()
    assert "lightgbm" in loaded
    assert not [name for name in ("pyarrow", "pandas", "sklearn", "deltalake") if name in loaded]


def test_server_logs_no_guest(server):
    """What the process writes while it answers names no guest."""
    with httpx.Client(base_url=server.url) as client:
        client.post("/v1/recommendations", json={**QUESTION, "customer_seq": 481_516_234})
        client.post("/v1/recommendations", json={**QUESTION, "customer_seq": "481516234"})
    for _ in range(100):  # a line is written once its answer is on its way
        logged = server.log.read_text()
        if '"status": 422' in logged:
            break
        time.sleep(0.05)
    assert '"status": 422' in logged
    assert "481516234" not in logged
    assert privacy.guest_key(KEY.encode(), 1, 481_516_234) not in logged


def test_modules_of_a_serving_process(lake, model_refs):
    """After a request neither MLflow, Spark, pandas nor Arrow has been imported."""
    folder = model_refs["ranker"].bundle_folder
    script = f"""
from nextloop.serving import lean
lean.import_lightgbm()
import asyncio, sys
from datetime import UTC, date, datetime
from pathlib import Path
import httpx
from nextloop.cli import serve
from nextloop.registry.versions import ModelRef
from nextloop.serving import app, background, locate, model, server
from nextloop.serving.service import Service
from nextloop.serving.doors import Doors
from nextloop.settings import OrderSettings, ServingSettings
ref = ModelRef(1, "ranker", "{model_refs["ranker"].digest}", Path("{folder}"), "",
               datetime.now(UTC), date.today(), "", "", {{}})
slot = model.ModelSlot()
slot.fill(model.load(ref))
doors = Doors.of(ServingSettings(keys_file="/nowhere"), reachable=False)
api = app.create(Service(slot, b"{KEY}", OrderSettings()), doors)
async def ask():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://a") as client:
        return await client.post("/v1/recommendations", json={{"hotel_seq": 1}})
assert asyncio.run(ask()).status_code == 200
heavy = "mlflow pyspark pandas pyarrow deltalake sklearn joblib pickle5 cloudpickle".split()
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr


def test_accepted_request_survives_a_stop(lake, tmp_path):
    """On a unix socket: a request half sent when SIGTERM comes is answered, then all is tidied."""
    path = tmp_path / "slot.sock"
    command = [sys.executable, "-m", "nextloop.cli", "serve", "--lake", str(lake)]
    process = subprocess.Popen(
        [*command, "--uds", str(path), "--model", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **ENVIRONMENT},
    )
    assert process.stdout is not None
    body = json.dumps(QUESTION).encode()
    head = (
        "POST /v1/recommendations HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()
    with process.stdout, socket.socket(socket.AF_UNIX) as caller:
        assert f"unix:{path}" in process.stdout.readline().decode()
        caller.settimeout(20)
        caller.connect(str(path))
        caller.sendall(head + body[:10])
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        _wait_until_refused(path)
        caller.sendall(body[10:])
        answer = b"".join(iter(lambda: caller.recv(65536), b""))
        assert process.wait(20) == 0
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["source"] == "guest"
    assert not path.exists()


def _wait_until_refused(path: Path) -> None:
    """Wait until the server takes no new connection."""
    for _ in range(100):
        with socket.socket(socket.AF_UNIX) as caller:
            try:
                caller.connect(str(path))
            except (ConnectionRefusedError, FileNotFoundError):
                return
        time.sleep(0.05)
    pytest.fail("the server still takes connections five seconds after SIGTERM")


def test_server_ends_with_its_starter():
    """When the pipe that the starter holds closes, however it died, the server is told to stop."""
    stopping = server_module._server(FastAPI())
    ours, theirs = os.pipe()
    os.write(theirs, b"still here")
    os.close(theirs)
    server_module._stop_at_end_of_input(stopping, ours)
    os.close(ours)
    assert stopping.should_exit


def test_taken_port_is_relayed_to_who_started_it(lake):
    """A server that cannot start says why in the starter's own fault, with the advice."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        flags = ["--lake", str(lake), "--port", port]
        with (
            pytest.raises(SystemFault, match=f"port {port} on 127.0.0.1 is taken") as fault,
            run_in_background(flags, environment=ENVIRONMENT),
        ):
            pass
    assert "--port" in fault.value.hint


def test_missing_model_ends_the_start(tmp_path, monkeypatch, capfd):
    """A lake without a production model ends the start with what to do about it."""
    monkeypatch.setenv("NEXTLOOP_PRIVACY__GUEST_KEY", KEY)
    create_lake(tmp_path / "lake", privacy.fingerprint(KEY.encode()))
    assert run(["serve", "--lake", str(tmp_path / "lake"), "--port", "0"]) == 3
    said = capfd.readouterr().err
    assert "in production" in said
    assert "nextloop train" in said


def test_server_that_is_not_ready_in_time_is_stopped(lake):
    """Waiting has an end, and nothing is left running."""
    with (
        pytest.raises(SystemFault, match=r"not ready after 0\.05 s"),
        run_in_background(["--lake", str(lake)], environment=ENVIRONMENT, ready_seconds=0.05),
    ):
        pass


def test_poisoned_model_is_refused(lake, monkeypatch, capfd):
    """A model whose file was changed after it was stored is not served."""
    folder = lake / "mlflow" / "artifacts" / "ranker"
    original = (folder / "ranker.txt").read_bytes()
    monkeypatch.setenv("NEXTLOOP_PRIVACY__GUEST_KEY", KEY)
    try:
        (folder / "ranker.txt").write_bytes(original.replace(b"leaf_value=", b"leaf_value=9"))
        assert run(["serve", "--lake", str(lake), "--port", "0"]) == 3
    finally:
        (folder / "ranker.txt").write_bytes(original)
    assert "'ranker.txt' is not the file that was stored" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["--lake", "nowhere"], 3, "There is no lake"),
        (["--lake", "other"], 2, "not a NextLoop lake"),
        (["--lake", "{lake}"], 4, "guest key file"),
        (["--host", "192.0.2.1"], 4, "address 192.0.2.1"),
        (["--port", "70000"], 2, "70000"),
    ],
)
def test_wrong_start_is_one_line_and_an_exit_code(lake, tmp_path, capfd, flags, code, said):
    """Each wrong start says what is wrong in one line and what to do in another."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    arguments = ["--port", "0", *(flag.format(lake=lake) for flag in flags)]
    assert run(["serve", *arguments]) == code
    lines = capfd.readouterr().err.splitlines()
    assert said in lines[0]
    assert len(lines) == 2


def test_lake_of_another_key_is_refused(lake, monkeypatch, capfd):
    """With another key every guest would be unknown: the start is refused instead."""
    monkeypatch.setenv("NEXTLOOP_PRIVACY__GUEST_KEY", "x" * 40)
    assert run(["serve", "--lake", str(lake), "--port", "0"]) == 2
    assert "another guest key" in capfd.readouterr().err
