"""Slots as containers on a real Docker engine: `make test-images` builds the images before."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from threading import Event, Thread

import httpx
import pytest
from tests.rollout.conftest import Stage
from tests.rollout.containers import asked_until
from tests.serving.conftest import KEY

from nextloop.serving import keys

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]
EVENT = {
    "event_id": "e1", "request_id": "r1", "hotel_seq": 1, "item_seq": 103, "kind": "shown",
    "at": "2017-12-25T20:00:00+09:00",
}  # fmt: skip


@pytest.fixture
def contained(short_folder, lake):
    """A rollout whose slots are containers, and a key for all hotels."""
    made = Stage.make(short_folder, lake, runner="compose")
    folder = short_folder / "keys"
    text, _ = keys.add(folder / "api-keys.json", "everything", None)
    secret = short_folder / "guest.key"
    secret.touch(0o600)
    secret.write_bytes(KEY)
    (short_folder / "events").mkdir()
    made.variables |= {
        "SLOTS_KEYS_FOLDER": str(folder),
        "SLOTS_EVENTS_FOLDER": str(short_folder / "events"),
        "SLOTS_GUEST_KEY_FILE": str(secret),
        "NEXTLOOP_SERVING__RATE_PER_SECOND": "100000",
    }
    made.set(key=text)
    yield made, text
    made.run("down")
    made.close()


def docker(*arguments):
    """Ask the engine."""
    command = ["docker", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def started():
    """Describe the containers that run."""
    running = docker("ps", "--quiet", "--filter", "label=com.docker.compose.project=nextloop")
    return [json.loads(docker("inspect", one))[0] for one in running.split()]


def test_containers_are_switched_under_load(contained):
    """Deploy, deploy, roll back: nobody loses a request, and the key is in no container."""
    stage, key = contained
    stage.deploy(1, "--code", "nextloop-api")
    over = Event()
    found: Counter[object] = Counter()
    caller = Thread(target=asked_until, args=(over, stage.port, key, found))
    caller.start()
    try:
        stage.deploy(4, "--code", "nextloop-api")
        back = stage.run("rollback")
        time.sleep(1)
    finally:
        over.set()
        caller.join()
    assert set(found) == {(200, "blue"), (200, "green")}, found
    assert back["seconds"] < 2
    described = started()
    until = time.monotonic() + 60
    while any(one["State"]["Health"]["Status"] == "starting" for one in described):
        assert time.monotonic() < until, described
        time.sleep(1)  # slots are asked by the rollout; Docker looks at intervals of its own
        described = started()
    assert {one["State"]["Health"]["Status"] for one in described} == {"healthy"}
    assert all(one["HostConfig"]["ReadonlyRootfs"] for one in described)
    assert key not in json.dumps(described)


def test_events_outlive_their_container(contained):
    """What a container acknowledged lies on the host when it is gone."""
    stage, key = contained
    stage.deploy(1, "--code", "nextloop-api")
    headers = {"authorization": f"Bearer {key}"}
    url = f"http://127.0.0.1:{stage.port}/v1/events"
    assert httpx.post(url, json={"events": [EVENT]}).status_code == 401
    assert httpx.post(url, json={"events": [EVENT]}, headers=headers).status_code == 202
    docker("kill", docker("ps", "--quiet", "--filter", "name=blue_app").strip())
    (file,) = (stage.folder / "events").iterdir()
    assert json.loads(file.read_text())["event_id"] == "e1"
