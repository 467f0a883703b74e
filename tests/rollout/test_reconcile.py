"""Reconcile and rollback from what crashes and hands leave behind; truth is what runs."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from pathlib import Path

import pytest
from tests.rollout.conftest import Stage
from tests.rollout.load import loaded

from nextloop import processes
from nextloop.errors import UsageFault
from nextloop.rollout import history, link, nginxes
from nextloop.rollout.reconcile import reconcile
from nextloop.rollout.rollback import rollback
from nextloop.rollout.state import look
from nextloop.rollout.status import status

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def standing(lake):
    """Model 1 in blue and model 4 in green; each test leaves both running."""
    made = Stage.make(Path(tempfile.mkdtemp(prefix="nl-", dir="/tmp")), lake, watch_seconds=0.3)
    made.deploy(1)
    made.deploy(4)
    yield made
    made.close()


@pytest.fixture
def rollout(standing, monkeypatch):
    """The same, to look into, with green live; slots started from here get its settings."""
    for name, value in standing.variables.items():
        monkeypatch.setenv(name, value)
    found = standing.rollout
    link.point(found.places, "green")
    return found


def kill(rollout, slot):
    """Kill a slot as the kernel does when memory ends."""
    processes.kill(rollout.runner._found(slot), 10)


def test_nothing_wrong_is_nothing_to_do(standing, rollout):
    """A second reconcile finds nothing, and writes nothing into the history."""
    reconcile(rollout)
    before = rollout.places.history.read_bytes()
    assert reconcile(rollout).done == ()
    assert rollout.places.history.read_bytes() == before
    assert standing.run("status")["ok"]


@pytest.mark.parametrize("damage", ["removed", "dangling", "to a file", "a file"])
def test_lost_link_is_made_again(rollout, damage):
    """A slot that was live and still answers gets the requests."""
    rollout.places.link.unlink()
    if damage == "dangling":
        rollout.places.link.symlink_to("purple.sock")
    elif damage == "to a file":
        rollout.places.link.symlink_to("/etc/hostname")
    elif damage == "a file":
        rollout.places.link.write_text("x")
    assert reconcile(rollout).live in {"blue", "green"}
    assert status(rollout).ok


def test_lost_files_are_no_loss(rollout):
    """History cut off, a record unreadable: callers notice nothing, and the truth is what runs."""
    text = rollout.places.history.read_text()
    rollout.places.history.write_text(text[:-20])
    with loaded(int(rollout.proxy.front[1]), rate=60) as load:
        history.append(rollout.places, "noted")
        found = reconcile(rollout)
    assert found.live == "green"
    assert load.failures() == []
    assert [event["event"] for event in history.read(rollout.places)][-1] in {"noted", "reconciled"}


@pytest.mark.parametrize("how", ["master killed", "all killed", "worker killed", "edited"])
def test_nginx_comes_back(rollout, how):
    """Whoever was killed and whatever was edited, nginx answers by the right configuration."""
    proxy = rollout.proxy
    reconcile(rollout)
    (master,) = proxy._masters()
    workers = [pid for pid, _ in nginxes._running() if nginxes._parent(pid) == master]
    assert workers
    for pid in {"master killed": [master], "worker killed": workers[:1]}.get(how, []):
        os.kill(pid, signal.SIGKILL)
    if how == "all killed":
        for pid in [master, *workers]:
            os.kill(pid, signal.SIGKILL)
    if how == "edited":
        proxy.file.write_text(proxy.file.read_text() + "# somebody's own line\n")
        assert "another configuration" in proxy.problem()
    if how == "worker killed":  # the master starts another one by itself
        assert proxy.problem() == ""
    reconcile(rollout)
    assert status(rollout).problems == ()
    assert len(proxy._masters()) == 1
    assert proxy._orphans() == []


def test_twenty_reloads_leave_one_nginx(rollout):
    """Reloads on the heels of each other end with one master and its own workers only."""
    with loaded(int(rollout.proxy.front[1]), rate=60, kinds=("GET new", "POST new")) as load:
        for _ in range(20):
            for pid in rollout.proxy._masters():
                os.kill(pid, signal.SIGHUP)
            time.sleep(0.02)
        assert reconcile(rollout).live == "green"
    assert load.failures() == []
    assert len(rollout.proxy._masters()) == 1


def test_dead_live_slot_gives_way_to_the_warm_one_then_comes_back(standing, rollout):
    """Dead while the other is warm: the other answers. Both dead: the live one is started again."""
    kill(rollout, "green")
    assert standing.run("status", code=4)["problems"]
    assert reconcile(rollout).live == "blue"
    assert status(rollout).ok
    kill(rollout, "blue")
    found = reconcile(rollout)
    assert found.live == "blue"
    assert "blue was started again" in found.done
    assert status(rollout).ok
    standing.deploy(4)


def test_down_and_back(standing, rollout):
    """As at a boot: nothing runs, and reconcile brings back what was live, and nginx."""
    standing.run("down")
    assert not any(slot.runs for slot in look(rollout.places, rollout.runner).slots.values())
    assert rollout.proxy._masters() == []
    found = reconcile(rollout)
    assert found.release
    assert found.release.version == 4
    assert status(rollout).ok


def test_rollback_of_what_is_not_warm_starts_it_again(standing, rollout):
    """The slot before was stopped: it is started again from the history, then answers."""
    live = look(rollout.places, rollout.runner)
    if live.idle_slot.runs:
        kill(rollout, live.idle_slot.name)
    found = rollback(rollout, "after a while")
    assert not found.was_warm
    assert status(rollout).ok
    assert found.release.version in {1, 4}


def test_going_back_ends_where_it_began(standing, rollout):
    """Going back never loops: at the first release there is nothing before it."""
    reconcile(rollout)
    led = history.line_of_releases(history.read(rollout.places))
    for _ in led[1:]:
        rollback(rollout)
    with pytest.raises(UsageFault, match="no release before"):
        rollback(rollout)
    found = look(rollout.places, rollout.runner).live_slot
    assert found
    assert found.release
    assert found.release.equals(led[0])


def test_same_release_again_is_nothing_to_do(standing, rollout):
    """The same model and code: nothing is started, switched or written."""
    reconcile(rollout)
    found = look(rollout.places, rollout.runner).live_slot
    assert found
    assert found.release
    before = rollout.places.history.read_bytes()
    done = standing.deploy(found.release.version)
    assert (done["changed"], done["slot"]) == (False, found.name)
    assert rollout.places.history.read_bytes() == before
    assert json.loads(rollout.places.record(found.name).read_text())["id"] == found.release.id
