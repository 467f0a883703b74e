"""The switcher killed at every step: callers notice nothing, and reconcile makes it whole."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest
from tests.rollout import stopped_at
from tests.rollout.conftest import SECONDS, Stage
from tests.rollout.load import loaded

from nextloop.rollout import history
from nextloop.rollout.reconcile import reconcile
from nextloop.rollout.state import look
from nextloop.rollout.status import status

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
CONVERGED = 5.0


@pytest.fixture(scope="module")
def standing(lake):
    """Model 4 live in green, model 1 warm in blue; the tests go on where the one before ended."""
    made = Stage.make(Path(tempfile.mkdtemp(prefix="nl-", dir="/tmp")), lake, watch_seconds=0.5)
    made.deploy(1)
    made.deploy(4)
    yield made
    made.close()


def stopping(stage, point, action, model):
    """Start a deploy that stops at a point."""
    return stage.start("deploy", "--model", str(model), script=(stopped_at.__file__, point, action))


def kill_and_reconcile(stage, point):
    """Kill a deploy of the model that is not live, under load, and put things right."""
    rollout = stage.rollout
    live = look(rollout.places, rollout.runner).live_slot
    assert live
    assert live.release
    other = 1 if live.release.version == 4 else 4
    with loaded(stage.port, rate=60) as load:
        with stopping(stage, point, "kill", other) as process:
            said = process.communicate(timeout=SECONDS)
        assert process.returncode == -9, said
        begun = time.monotonic()
        reconcile(rollout)
        seconds = time.monotonic() - begun
    assert load.failures() == []
    assert len(load.records) > 20
    assert seconds < CONVERGED
    return rollout


def check_whole(rollout):
    """One live slot that answers, no draft, nothing to do, and a history that names it last."""
    found = status(rollout)
    assert found.problems == ()
    assert found.answers
    led = history.line_of_releases(history.read(rollout.places))
    assert led[-1].content[1:] == (found.answers.version, found.answers.digest)
    assert reconcile(rollout).done == ()


@pytest.mark.parametrize("point", [*stopped_at.ANY, *stopped_at.WARM])
def test_deploy_killed(standing, point):
    """Before the rename nothing has changed; after it the new one answers; both stay warm."""
    before = standing.live
    rollout = kill_and_reconcile(standing, point)
    unchanged = point in stopped_at.ANY or point in {"golden_passed", "link_drafted"}
    assert (standing.live == before) is unchanged
    check_whole(rollout)
    assert look(rollout.places, rollout.runner).idle_slot.serves


@pytest.mark.parametrize("point", stopped_at.COLD)
def test_deploy_killed_while_slots_start_and_stop(standing, point):
    """A slot that was being started or stopped is not left behind; the live one is untouched."""
    before = standing.live
    if point.startswith("old_"):
        standing.set(warm_minutes=0)
    else:  # nothing warm: the deploy has to start a slot
        standing.set(warm_minutes=0)
        reconcile(standing.rollout)
        standing.set(warm_minutes=30)
    rollout = kill_and_reconcile(standing, point)
    assert (standing.live == before) is (not point.startswith("old_"))
    check_whole(rollout)
    assert not look(rollout.places, rollout.runner).idle_slot.runs
    if point == "old_drained":  # a warm one is wanted again
        standing.set(warm_minutes=30)
        standing.deploy(1 if standing.run("status")["answers"]["version"] == 4 else 4)


def test_second_deploy_is_refused_and_names_the_first(standing):
    """Of two at once the second ends at once, says who is at work, and changes nothing."""
    with stopping(standing, "resolved", "wait", 1) as first:
        assert first.stdout
        assert first.stdout.readline() == "stopped\n"
        before = standing.events()
        said = standing.deploy(4, code=4)
        assert f"deploy of model 1, process {first.pid}" in said
        assert standing.events() == before
        first.kill()
    assert reconcile(standing.rollout).done == ()  # the lock went with its holder
