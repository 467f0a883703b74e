"""The runner for Docker Compose: the commands that it gives, and the file that they are about.

No engine runs here: a program in Docker's place writes down what it is called with and answers as
Docker does. What the commands do is Docker's own; slots by the other runner prove the rest.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from nextloop.errors import DataFault, SystemFault, UsageFault
from nextloop.registry import ledger
from nextloop.registry.ledger import Change
from nextloop.rollout.compose import ComposeRunner
from nextloop.rollout.handed_on import NAMES, RULES
from nextloop.rollout.places import Places, prepare
from nextloop.rollout.release import Release
from nextloop.rollout.runner import runner_of
from nextloop.settings import RolloutSettings, variable
from nextloop.storage.lake import create_lake, open_lake

FILE = Path(__file__).parents[2] / "deploy" / "compose" / "slots.yaml"
IMAGE = "sha256:" + "a" * 64
RELEASE = Release(id="1", code="0.1.0-9f", place=IMAGE, version=7, digest="d" * 64, lake="/lake")
DOCKER = """#!/usr/bin/env python3
import json, os, sys
asked = sys.argv[1:]
wanted = ("BLUE_IMAGE", "BLUE_MODEL", "BLUE_LAKE", "SLOTS_SOCKETS", "NEXTLOOP_ROLLOUT__KEY",
          "SLOTS_RULES_FOLDER", "SLOTS_MODELS_FOLDER", "NEXTLOOP_SERVING__RULES_FILE",
          "NEXTLOOP_SERVING__RATE_BURST", "NEXTLOOP_ORDERS__HOTEL_TIMEZONES")
with open(os.environ["CALLS"], "a") as calls:
    found = {n: os.environ[n] for n in wanted if n in os.environ}
    calls.write(json.dumps([asked, found]) + chr(10))
if "image" in asked: print("sha256:" + "a" * 64)
elif "run" in asked: print("0.1.0-9f")
elif "ps" in asked: print("c0ffee")
elif "inspect" in asked: print(os.environ.get("EXIT_CODE", "0"))
elif "logs" in asked: print(chr(27) + "[2Kbegin" + chr(10) + chr(27) + "[2Kerror: no such lake")
elif "up" in asked and os.environ.get("FAILS"): sys.exit("no space left on device")
"""


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """A runner, and a way to read the calls it made."""
    program, calls = tmp_path / "docker", tmp_path / "calls"
    program.write_text(DOCKER)
    program.chmod(0o755)
    monkeypatch.setenv("CALLS", str(calls))
    places = Places(tmp_path / "r")
    prepare(places)
    settings = RolloutSettings(runner="compose", docker=str(program), folder=places.folder)
    runner = runner_of(settings, places)
    assert isinstance(runner, ComposeRunner)
    return runner, lambda: [json.loads(line) for line in calls.read_text().splitlines()]


def compose(*rest):
    """Write a command as it is expected."""
    return ["compose", "--project-name", "nextloop", "--file", str(FILE), *rest]


def test_slot_gets_an_excerpt_of_a_lake_in_a_bucket(docker, stand_in, monkeypatch, tmp_path):
    """A container without a network reads the ledger's copy and no orders; once it has them, the
    bucket is not asked again."""
    runner, calls = docker
    place = f"{stand_in.place()}/lake"
    change = Change(
        action="promote", version=7, model="ranker", digest=RELEASE.digest,
        place="mlflow-artifacts:/1/models/m-7", created_at=datetime(2017, 12, 25, tzinfo=UTC),
        as_of_date=date(2017, 12, 25), metrics='{"ndcg_at_10": 0.4}', by="누군가", reason="더 낫다",
    )  # fmt: skip
    ledger.append(ledger.read(create_lake(place, "f" * 16)), [change])
    (tmp_path / "cache" / RELEASE.digest).mkdir(parents=True)
    (runner.places.folder / "lakes" / "blue.new" / "half").mkdir(parents=True)  # of a killed one
    monkeypatch.setenv("NEXTLOOP_MLFLOW__MODEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NEXTLOOP_MLFLOW__TRACKING_URI", "http://127.0.0.1:9")
    release = replace(RELEASE, lake=place)
    runner.start("blue", release)
    stand_in.clear()
    runner.start("blue", release)
    ((_, first), (_, again)) = calls()
    assert first == again
    seen = open_lake(first["BLUE_LAKE"])
    Path(seen.root).rename(f"{seen.root}.new")  # killed before it was in its place
    runner.start("blue", release)
    assert stand_in.calls() == []
    assert seen.guest_key_fingerprint == "f" * 16
    (entry,) = ledger.read(seen).entries
    assert (entry.version, entry.place, entry.reason) == (7, change.place, "더 낫다")
    assert {p.name for p in Path(seen.root).iterdir()} == {
        "nextloop-lake.json", "promotions", "excerpt-of",
    }  # fmt: skip
    other = f"{stand_in.place()}/lake"
    ledger.append(ledger.read(create_lake(other, "e" * 16)), [change])
    runner.start("blue", replace(RELEASE, lake=other))
    assert open_lake(seen.root).guest_key_fingerprint == "e" * 16
    kept = replace(change, version=9, place="/srv/mlflow/artifacts/m-9")
    ledger.append(ledger.read(open_lake(place)), [kept])
    with pytest.raises(UsageFault, match="a slot in a container cannot see them"):
        runner.start("blue", replace(release, version=9))
    with pytest.raises(DataFault, match="Version 8 is not in the ledger"):
        runner.start("blue", replace(release, version=8))


def test_image_is_pinned_by_its_digest(docker):
    """A tag is resolved once; the image says itself what code it holds."""
    runner, calls = docker
    code = runner.code_at("nextloop-api:latest")
    assert (code.place, code.name) == (IMAGE, "0.1.0-9f")
    asked = [call for call, _ in calls()]
    assert asked[0] == ["image", "inspect", "--format", "{{.Id}}", "nextloop-api:latest"]
    assert asked[1][:5] == ["run", "--rm", "--network", "none", IMAGE]
    with pytest.raises(UsageFault, match="No image"):
        runner.code_at(None)


def test_slot_is_made_anew_with_image_and_model(docker, monkeypatch):
    """One service is started, never the other, not by what stands in the file, without our key."""
    runner, calls = docker
    monkeypatch.setenv("NEXTLOOP_ROLLOUT__KEY", "opens-every-hotel")
    runner.start("blue", RELEASE)
    ((asked, variables),) = calls()
    flags = ["up", "--detach", "--no-deps", "--force-recreate", "--pull", "never"]
    assert asked == compose(*flags, "blue_app")
    assert variables == {
        "BLUE_IMAGE": IMAGE,
        "BLUE_MODEL": "7",
        "BLUE_LAKE": "/lake",
        "SLOTS_SOCKETS": str(runner.places.sockets),
    }


def test_slot_gets_the_settings_that_are_set(docker, monkeypatch, tmp_path):
    """Zones, limits and rules of the host's settings file and environment; no defaults."""
    runner, calls = docker
    (tmp_path / "nextloop.toml").write_text(
        '[orders.hotel_timezones]\n3 = "Asia/Tokyo"\n'
        '[serving]\nrules_file = "규칙/hotels.toml"\nevents_folder = "/events"\n'
    )
    models = tmp_path / "models"
    models.mkdir()
    monkeypatch.setenv("NEXTLOOP_SERVING__RATE_BURST", "7")
    monkeypatch.setenv("NEXTLOOP_MLFLOW__MODEL_CACHE", str(models))
    runner.start("blue", RELEASE)
    ((_, variables),) = calls()
    assert {n: v for n, v in variables.items() if not n.startswith("BLUE")} == {
        "SLOTS_SOCKETS": str(runner.places.sockets),
        "SLOTS_RULES_FOLDER": str(tmp_path / "규칙"),
        "SLOTS_MODELS_FOLDER": str(models),
        "NEXTLOOP_SERVING__RULES_FILE": f"{RULES}/hotels.toml",
        "NEXTLOOP_SERVING__RATE_BURST": "7",
        "NEXTLOOP_ORDERS__HOTEL_TIMEZONES": '{"3": "Asia/Tokyo"}',
    }


def test_rules_beside_secrets_are_refused(docker, monkeypatch, tmp_path):
    """The container sees the rules' whole folder, so no secret may lie in it or below."""
    runner, calls = docker
    monkeypatch.setenv("NEXTLOOP_SERVING__RULES_FILE", "etc/jobs/../hotels.toml")
    monkeypatch.setenv("NEXTLOOP_MLFLOW__PASSWORD_FILE", str(tmp_path / "etc/jobs/password"))
    with pytest.raises(UsageFault, match=r"would see all of .*etc/jobs/\.\., .*jobs/password"):
        runner.start("blue", RELEASE)
    monkeypatch.setenv("NEXTLOOP_SERVING__RULES_FILE", "etc/rules/hotels.toml")
    runner.start("blue", RELEASE)
    assert len(calls()) == 1


def test_file_hands_on_what_the_rollout_sets():
    """Each setting that a slot is told stands in the file without a value of its own."""
    text = FILE.read_text()
    handed = set(re.findall("^ +(NEXTLOOP_[A-Z_]+):$", text, re.MULTILINE))
    assert handed == {variable(name) for name in (*NAMES, "serving.rules_file")}
    assert f":{RULES}:ro" in text


@pytest.mark.parametrize(("code", "killed", "cut"), [("0", False, 0), ("137", True, None)])
def test_slot_is_stopped_in_its_time(docker, monkeypatch, code, killed, cut):
    """SIGTERM, then SIGKILL by Docker; how many requests that cut cannot be told."""
    runner, calls = docker
    monkeypatch.setenv("EXIT_CODE", code)
    stopped = runner.stop("green", 35)
    assert (stopped.was_killed, stopped.cut) == (killed, cut)
    asked = [call for call, _ in calls()]
    assert asked[1] == compose("stop", "--timeout", "35", "green_app")
    assert asked[-1] == compose("rm", "--force", "green_app")


def test_slot_is_looked_for_and_heard(docker):
    """Whether it runs and what it said last come from Docker."""
    runner, _ = docker
    assert runner.runs("blue")
    assert runner.said("blue") == "no such lake"


def test_refusal_of_docker_is_a_fault(docker, monkeypatch):
    """Docker's own words stand in the fault; without Docker there is advice."""
    runner, _ = docker
    monkeypatch.setenv("FAILS", "1")
    with pytest.raises(SystemFault, match="no space left"):
        runner.start("blue", RELEASE)
    missing = ComposeRunner(RolloutSettings(docker="/no/docker"), runner.places)
    with pytest.raises(SystemFault, match="cannot be run"):
        missing.runs("blue")


def test_file_gives_both_services_the_same_and_little():
    """No network, no capabilities, nothing to write but the sockets, no restart of their own."""
    text = FILE.read_text()
    for line in (
        "network_mode: none", "cap_drop: [ALL]", "read_only: true", 'restart: "no"',
        "no-new-privileges:true", ":/lake:ro", "NEXTLOOP_SERVING__KEYS: always",
    ):  # fmt: skip
        assert line in text
    blue = text.partition("  blue_app:")[2].partition("\n  green_app:")[0]
    green = text.partition("  green_app:")[2].partition("\nsecrets:")[0]
    for slot, part in (("blue", blue), ("green", green)):
        for word in (f"{slot.upper()}_IMAGE", f"{slot.upper()}_MODEL", f"{slot}.sock", "<<: *slot"):
            assert word in part
    assert "docker.sock" not in text
    assert os.access(FILE, os.R_OK)
