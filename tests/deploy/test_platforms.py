"""Backend, MLflow and Spark on a real Docker engine; `make test-images` builds the images."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from tests.rollout.containers import QUESTION, asked_until

from nextloop.rollout.nginxes import masters

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1500)]


def docker(*arguments):
    """Ask the engine; a container's log comes by both ways."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def processes():
    """List every command line of the machine."""
    command = ["ps", "axww", "-o", "args"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@contextmanager
def watched_processes() -> Iterator[set[str]]:
    """Collect the command line of everything that runs meanwhile, as `ps` would show it."""
    seen: set[str] = set()
    over = Event()

    def look() -> None:
        while not over.is_set():
            seen.update(processes().splitlines())
            time.sleep(0.5)

    thread = Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def week(installed):
    """Let the cluster run the weekly job; give its report and the processes that were seen."""
    simulated = ("--out", "/srv/nextloop/landing", "--hotels", "2", "--weeks", "4")
    installed.job("simulate", *simulated, "--orders", "5000")
    with watched_processes() as seen:
        report = installed.job("run")
    return report, seen


@pytest.fixture(scope="module")
def released(installed, week):
    """Release what the week promoted, by nginx in its container."""
    key = installed.rollout("keys", "add", "rollout", "--all-hotels")["key"]
    installed.settings["NEXTLOOP_ROLLOUT__KEY"] = key
    return key, installed.rollout("rollout", "deploy", "--code", "nextloop-api")


def test_the_week_runs_on_the_cluster(installed, week):
    """Ingest and features ran on executors of both workers; the best model is in production."""
    report, _ = week
    assert report["production"] in report["train"]["staged"]
    page = json.loads(installed.compose(
        "spark", "exec", "--no-TTY", "master", "python", "-c",
        "import urllib.request as u; print(u.urlopen('http://dowhat-spark-1:8080/json/').read().decode())",
    ))  # fmt: skip
    assert page["aliveworkers"] == 2
    assert page["completedapps"]
    assert all(app["state"] == "FINISHED" for app in page["completedapps"])
    assert list((installed.folder / "textfiles").glob("*.prom"))


def test_a_release_under_load_loses_no_request(installed, week, released):
    """Another model and back, with slots and nginx in containers."""
    key, first = released
    report, _ = week
    other = next(v for v in report["train"]["staged"] if v != report["production"])
    port = installed.settings["NEXTLOOP_ROLLOUT__PORT"]
    over = Event()
    found: Counter[object] = Counter()
    caller = Thread(target=asked_until, args=(over, port, key, found))
    caller.start()
    try:
        installed.rollout("rollout", "deploy", "--code", "nextloop-api", "--model", str(other))
        installed.rollout("rollout", "rollback")
        time.sleep(1)
    finally:
        over.set()
        caller.join()
    assert set(found) == {(200, "blue"), (200, "green")}, found
    running = docker("ps", "--filter", "label=com.docker.compose.project=nextloop")
    assert "nginx" in running
    assert first


def test_nginx_comes_back_when_it_dies(installed, released):
    """Docker starts it again, by the configuration that the rollout wrote."""
    conf = installed.folder / "r/nginx/nginx.conf"
    (killed,) = masters(conf)  # of this machine: the pid file has the container's number
    os.kill(killed, signal.SIGKILL)
    url = f"http://127.0.0.1:{installed.settings['NEXTLOOP_ROLLOUT__PORT']}/readyz"
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(httpx.HTTPError):
            if set(masters(conf)) - {killed} and httpx.get(url).status_code == 200:
                return
        time.sleep(0.5)
    raise AssertionError(docker("logs", "nextloop-nginx-1"))


def test_nobody_is_let_in_unasked(installed, released):
    """API and MLflow ask who calls; Spark's master takes no driver without the secret."""
    port = installed.settings["NEXTLOOP_ROLLOUT__PORT"]
    assert (
        httpx.post(f"http://127.0.0.1:{port}/v1/recommendations", json=QUESTION).status_code == 401
    )
    assert httpx.get(f"http://127.0.0.1:{port}/metrics").status_code == 404
    mlflow = installed.settings["NEXTLOOP_MLFLOW__TRACKING_URI"]
    for path in ("/", "/api/2.0/mlflow/experiments/search", "/ajax-api/2.0/mlflow/users/current"):
        assert httpx.get(f"{mlflow}{path}").status_code in {401, 403}, path
    refused = subprocess.run(
        ["docker", "run", "--rm", "--network", "nextloop", "--entrypoint", "nextloop",
         "--volume", f"{installed.folder}/data:/srv/nextloop", "--env", "SPARK_CONF_DIR=/nowhere",
         "--env", "NEXTLOOP_SPARK=spark://dowhat-spark-1:7077",
         "--env", "NEXTLOOP_SPARK_CLUSTER__WAIT_SECONDS=20", "nextloop-spark", "ingest",
         "--landing", "/srv/nextloop/landing", "--lake", "lake"],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert refused.returncode == 4, refused.stderr
    assert "does not let us in" in refused.stderr or "did not start" in refused.stderr


def test_no_secret_is_found_anywhere(installed, week, released):
    """Not in a log, a description, a list of processes or a file that the platforms wrote."""
    key, _ = released
    _, seen = week
    planted = {**installed.secrets(), "an API key": key}
    assert len(planted) > 8
    texts = {"processes": "\n".join(seen) + processes()}
    for name in docker("ps", "--all", "--format", "{{.Names}}").split():
        texts[f"log of {name}"] = docker("logs", name)
        texts[f"description of {name}"] = docker("inspect", name)
    for what, text in texts.items():
        for secret, value in planted.items():
            assert value not in text, f"{secret} is in {what}"
    folders = ("data", "artifacts", "textfiles", "events", "r", "keys")
    for file in (
        f for name in folders for f in (installed.folder / name).rglob("*") if f.is_file()
    ):
        content = Path(file).read_bytes()
        for secret, value in planted.items():
            assert value.encode() not in content, f"{secret} is in {file}"
