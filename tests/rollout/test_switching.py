"""The switch itself, under load, on a real nginx: nobody loses a request."""

from __future__ import annotations

import time

import pytest
from tests.rollout.load import KINDS, illegal, loaded

from nextloop.rollout import link, rollback, watch
from nextloop.rollout.state import look

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def both(deployed):
    """A rollout with model 4 live in green and model 1 warm in blue."""
    deployed.deploy(4)
    return deployed


@pytest.mark.slow
def test_hundred_switches_lose_no_request(both):
    """100 switches at 200 requests a second: none failed, each answered by a slot live then."""
    rollout = both.rollout
    slots = look(rollout.places, rollout.runner).slots
    switches = [(0.0, 0.0, "green")]
    with loaded(both.port) as load:
        time.sleep(0.5)
        for number in range(100):
            slot = slots[("blue", "green")[number % 2]]
            begun = time.monotonic()
            link.point(rollout.places, slot.name)
            switches.append((begun, time.monotonic(), slot.name))
            assert slot.serves
            watch.prove(rollout.proxy, slot.name, slot.serves)
            time.sleep(0.15)
    assert load.failures() == []
    assert illegal(load.records, switches) == []
    assert len(load.records) > 15 * 150
    assert {record.kind for record in load.records} == set(KINDS)
    assert {record.slot for record in load.records} == {"blue", "green"}
    model = {"blue": "1", "green": "4"}
    assert all(record.model.startswith(f"{model[record.slot]}-") for record in load.records)


def test_deploy_and_rollback_under_load(deployed):
    """Deploy, rollback, deploy of what is warm: no request is lost, going back is quick."""
    rollout = deployed.rollout
    with loaded(deployed.port, rate=100) as load:
        deployed.deploy(4)
        found = rollback.rollback(rollout, "in a hurry")
        again = deployed.deploy(4)
    assert load.failures() == []
    assert found.was_warm
    assert found.seconds < 1
    assert (found.release.version, again["release"]["version"]) == (1, 4)
    assert again["watched"]["requests"] > 20
    assert deployed.events() == [
        "deploying", "switched", "deployed",  # model 1
        "deploying", "switched", "deployed", "rolled_back",
        "switched", "deployed",
    ]  # fmt: skip
