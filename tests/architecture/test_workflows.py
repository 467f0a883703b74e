"""GitHub's workflows: what they call is there, what they take from others is pinned."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def jobs(path):
    """List the jobs of a workflow."""
    return yaml.safe_load(path.read_text("utf-8"))["jobs"].values()


def steps(path):
    """List the steps of a workflow."""
    return [step for job in jobs(path) for step in job.get("steps", [])]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_jobs_may_little(path):
    """Others' actions stand by commit; no job may write, keeps the token or runs without end."""
    assert yaml.safe_load(path.read_text("utf-8"))["permissions"] == {}
    for job in jobs(path):
        assert job["permissions"] == {"contents": "read"}
        assert "timeout-minutes" in job or "uses" in job
    for step in steps(path):
        if "uses" in step:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", step["uses"])
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
    assert "secrets." not in path.read_text("utf-8")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_steps_run_what_people_run(path):
    """Each make target and script that a step runs is in the repository."""
    words = [word for step in steps(path) for word in shlex.split(step.get("run", ""))]
    called = {word for before, word in pairwise(words) if before == "make"}
    scripts = {word for word in words if word.startswith("scripts/")}
    assert called <= TARGETS
    assert called or scripts
    assert all((ROOT / script).is_file() for script in scripts)


def test_everything_that_ci_runs_is_a_job():
    """What .ci/run does in a row, the workflow does in jobs of its own."""
    wanted = re.findall(r"^make (.+)$", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
    runs = [step.get("run", "") for step in steps(ROOT / ".github" / "workflows" / "ci.yml")]
    assert {f"make {target}" for line in wanted for target in line.split()} <= set(runs)


def test_parts_are_known_to_the_script():
    """A job waits for a part that the script names."""
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    script = (ROOT / "scripts" / "changed.sh").read_text("utf-8")
    named = set(re.findall(r"^part (\w+) ", script, re.MULTILINE))
    asked = set(re.findall(r"outputs\.(\w+)", text))
    assert asked == named


def test_image_runs_as_nobody_and_says_whether_it_is_well():
    """Pinned by digest, hashes checked, not root, with a health check."""
    text = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    assert re.search(r"^ARG PYTHON=python:[\w.-]+@sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${PYTHON}", "jobs"}
    assert text.count("--require-hashes") == 2
    assert "\nUSER 10001:10001\n" in text
    assert "\nHEALTHCHECK " in text
