"""The runner for Docker Compose: the commands that it gives, and the file that they are about.

No engine runs here: a program in Docker's place writes down what it is called with and answers as
Docker does. What the commands do is Docker's own; slots by the other runner prove the rest.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from nextloop.errors import SystemFault, UsageFault
from nextloop.rollout.compose import ComposeRunner
from nextloop.rollout.places import Places, prepare
from nextloop.rollout.release import Release
from nextloop.rollout.runner import runner_of
from nextloop.settings import RolloutSettings

FILE = Path(__file__).parents[2] / "deploy" / "compose" / "slots.yaml"
IMAGE = "sha256:" + "a" * 64
RELEASE = Release(id="1", code="0.1.0-9f", place=IMAGE, version=7, digest="d" * 64, lake="/lake")
DOCKER = """#!/usr/bin/env python3
import json, os, sys
asked = sys.argv[1:]
wanted = ("BLUE_IMAGE", "BLUE_MODEL", "BLUE_LAKE", "SLOTS_SOCKETS", "NEXTLOOP_ROLLOUT__KEY")
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps([asked, {n: os.environ.get(n) for n in wanted}]) + chr(10))
if "image" in asked: print("sha256:" + "a" * 64)
elif "run" in asked: print("0.1.0-9f")
elif "ps" in asked: print("c0ffee")
elif "inspect" in asked: print(os.environ.get("EXIT_CODE", "0"))
elif "logs" in asked: print("begin" + chr(10) + "error: no such lake")
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


def test_lake_in_a_bucket_is_refused(docker):
    """A container without a network cannot read it: said before anything is started."""
    runner, _ = docker
    with pytest.raises(UsageFault, match="no network"):
        runner.start("blue", replace(RELEASE, lake="gs://hotels/lake"))


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
        "NEXTLOOP_ROLLOUT__KEY": None,
    }


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
