"""Slots as containers on a real Docker engine: `make test-images` builds the images before."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from dataclasses import fields, replace
from threading import Event, Thread

import httpx
import pytest
from tests.rollout.conftest import Stage
from tests.rollout.containers import QUESTION, asked_until
from tests.serving.conftest import KEY

from nextloop.registry import artifact, ledger
from nextloop.registry.ledger import Change
from nextloop.serving import keys
from nextloop.storage.lake import create_lake, open_lake

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]
EVENT = {
    "event_id": "e1", "request_id": "r1", "hotel_seq": 1, "item_seq": 103, "kind": "shown",
    "at": "2017-12-25T20:00:00+09:00",
}  # fmt: skip


@pytest.fixture
def contained(short_folder, lake):
    """A rollout whose slots are containers, and a key for all hotels."""
    yield from staged(short_folder, lake)


@pytest.fixture
def of_a_bucket(short_folder, lake, stand_in, model_refs):
    """The same of a lake in a bucket, whose models an MLflow server would keep."""
    place = f"{stand_in.place()}/lake"
    made = create_lake(place, open_lake(lake).guest_key_fingerprint)
    cache = short_folder / "models"
    cache.mkdir()
    for entry in ledger.read(open_lake(lake)).entries:
        change = {f.name: getattr(entry, f.name) for f in fields(Change)}
        kept = replace(Change(**change), place=f"mlflow-artifacts:/1/models/{entry.model}")
        ledger.append(ledger.read(made), [kept])
        ref = model_refs[entry.model]
        artifact.write(artifact.read(ref.bundle_folder, ref.digest), cache / ref.digest)
    rules = short_folder / "규칙" / "hotels.toml"
    rules.parent.mkdir()
    rules.write_text("")
    for stage, key in staged(short_folder, place):
        stage.variables |= {
            "NEXTLOOP_MLFLOW__TRACKING_URI": "http://127.0.0.1:9",  # nobody is asked
            "NEXTLOOP_MLFLOW__MODEL_CACHE": str(cache),
            "NEXTLOOP_SERVING__RULES_FILE": str(rules),
            "NEXTLOOP_ORDERS__HOTEL_TIMEZONES": '{"2": "Asia/Tokyo"}',
        }
        yield stage, key, rules


def staged(short_folder, lake):
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


def test_a_lake_in_a_bucket_is_served_without_a_network(of_a_bucket, stand_in):
    """The slot has an excerpt and no way out; rules and zones are those of the host."""
    stage, key, rules = of_a_bucket
    stage.deploy(1, "--code", "nextloop-api")
    (blue,) = started()
    assert blue["HostConfig"]["NetworkMode"] == "none"
    assert 'NEXTLOOP_ORDERS__HOTEL_TIMEZONES={"2": "Asia/Tokyo"}' in blue["Config"]["Env"]
    with httpx.Client(
        base_url=f"http://127.0.0.1:{stage.port}", headers={"authorization": f"Bearer {key}"}
    ) as client:

        def offered() -> list[int]:
            answer = client.post("/v1/recommendations", json=QUESTION).raise_for_status()
            return [offer["item_seq"] for offer in answer.json()["offers"]]

        best = offered()[0]
        draft = rules.with_suffix(".new")
        draft.write_text(f"[hotels.1]\nhidden = [{best}]\n")
        draft.replace(rules)
        until = time.monotonic() + 30
        while best in offered():
            assert time.monotonic() < until, "the slot does not see the host's rules"
            time.sleep(0.2)
    docker("kill", blue["Id"])
    stand_in.clear()
    assert stage.run("reconcile")["live"] == "blue"
    assert not stand_in.calls(), "a slot that comes back asked the bucket"


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
