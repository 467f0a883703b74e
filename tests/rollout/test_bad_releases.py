"""Bad releases: they get no request or are switched back, and the release before is untouched."""

from __future__ import annotations

import socket
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.ports import free_port
from tests.rollout.conftest import Stage
from tests.rollout.load import loaded

from nextloop.rollout.state import look
from nextloop.rollout.status import status

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
RATE = 60


@pytest.fixture(scope="module")
def standing(lake):
    """Model 1 live in blue, for all tests here: none of them is to change that."""
    made = Stage.make(Path(tempfile.mkdtemp(prefix="nl-", dir="/tmp")), lake, watch_seconds=8)
    made.deploy(1, "--watch", "0.5")
    yield made
    made.close()


def attempt(stage, kind, code, model=1):
    """Deploy a bad release under load; return what was said and the load."""
    rollout = stage.rollout
    before = look(rollout.places, rollout.runner)
    assert before.live_slot
    with loaded(stage.port, rate=RATE) as load:
        said = stage.deploy(model, "--code", stage.doctored(kind), code=code)
    after = look(rollout.places, rollout.runner)
    assert after.live == before.live
    assert after.live_slot
    # What is on its way at the moment is no difference.
    assert replace(after.live_slot, requests=0) == replace(before.live_slot, requests=0)
    assert not after.idle_slot.runs
    assert status(rollout).problems == ()
    return said, load


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("never_ready", "was not ready 3 times in a row"),
        ("ends", "ended before it was ready: the licence has expired"),
        ("fails_then", "was not ready 3 times in a row"),
        ("wrong_answers", "is answered wrong: offers[0]"),
        ("wrong_version", "became ready as slot green with model version 1"),
    ],
)
def test_bad_release_gets_no_request(standing, kind, said):
    """Before the switch it is found out, and no caller ever met it."""
    standing.set(ready_seconds={"never_ready": 5, "fails_then": 10}.get(kind, 120))
    errors, load = attempt(standing, kind, code=5, model=2 if kind == "wrong_version" else 1)
    assert said in errors
    assert load.failures() == []
    assert {record.slot for record in load.records} == {"blue"}
    assert standing.events()[-2:] == ["refused", "stopped"] if kind != "ends" else ["refused"]


@pytest.mark.parametrize(
    ("kind", "bound"),
    # Seconds from the fault to the switch back, with room for a machine that is busy: a dead slot
    # is noticed after 0.3 s, failing answers with the third, one that hangs after 4.3 s.
    [("crashes", 2.0), ("breaks", 2.0), ("hangs", 8.0)],
)
def test_release_that_turns_bad_is_switched_back(standing, kind, bound):
    """A second after the switch it fails: the failures are counted, few, and then it is over."""
    standing.set(ready_seconds=120, stop_seconds=2, drain_seconds=2)
    errors, load = attempt(standing, kind, code=5)
    assert "Switched back to blue" in errors
    lost = load.failures()
    assert lost
    assert lost[-1].sent - lost[0].sent < bound
    assert len(lost) <= RATE * bound
    assert all(record.slot != "blue" for record in lost)
    told = standing.run("history", "--limit", "2")
    back = next(event for event in told if event["event"] == "switched_back")
    assert 0 < back["failed"] <= len(lost) or kind == "hangs"


def test_configuration_that_nginx_refuses_changes_nothing(standing, short_folder):
    """`nginx -t` says no before anything is started; the file in force stays."""
    rollout = standing.rollout
    before = rollout.proxy.file.read_text()
    template = short_folder / "template"
    real = Path(__file__).parents[2] / "deploy" / "nginx" / "nginx.conf.template"
    template.write_text(real.read_text().replace("server_tokens off;", "server_tokens perhaps;"))
    standing.set(template=template)
    errors = standing.deploy(4, code=4)
    standing.set(template=real)
    assert "nginx refuses its configuration" in errors
    assert "perhaps" in errors
    assert rollout.proxy.file.read_text() == before
    assert status(rollout).problems == ()


def test_configuration_that_cannot_come_into_force_is_taken_back(standing):
    """nginx accepts the text and cannot get the port: the one before is put back and in force."""
    rollout = standing.rollout
    before, port = rollout.proxy.file.read_text(), standing.port
    with socket.create_server(("127.0.0.1", 0)) as taken:
        standing.set(port=taken.getsockname()[1])
        errors = standing.deploy(4, code=4)
    standing.set(port=port)
    assert "did not take its new configuration" in errors
    assert "Address already in use" in errors
    assert rollout.proxy.file.read_text() == before
    assert status(rollout).problems == ()


def test_socket_of_another_program_is_left_alone(standing):
    """Something else listens where the slot is to listen: the release is refused."""
    rollout = standing.rollout
    rollout.places.socket("green").unlink(missing_ok=True)
    with closing(socket.socket(socket.AF_UNIX)) as other:
        other.bind(str(rollout.places.socket("green")))
        other.listen()
        errors = standing.deploy(4, code=5)
    assert "another process listens there" in errors
    assert status(rollout).problems == ()
    rollout.places.socket("green").unlink()


def test_first_deploy_on_a_taken_port(stage):
    """Nothing was deployed and nothing is left running, and the port is named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        stage.set(port=taken.getsockname()[1], inner_port=free_port())
        errors = stage.deploy(1, code=4)
    assert "nginx does not start" in errors
    assert "in use" in errors
    rollout = stage.rollout
    assert not any(slot.runs for slot in look(rollout.places, rollout.runner).slots.values())
    assert stage.live is None
