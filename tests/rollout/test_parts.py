"""The parts by themselves: connections, history, golden answers, configuration, places."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextloop.errors import SystemFault, UsageFault
from nextloop.rollout import connections, history, link
from nextloop.rollout.access_log import AccessLog
from nextloop.rollout.golden import _difference
from nextloop.rollout.places import Places, held, places_of, prepare
from nextloop.rollout.release import Release
from nextloop.rollout.template import render
from nextloop.rollout.watch import Watched
from nextloop.settings import RolloutSettings


def release(version):
    """A release of some code."""
    return Release(
        id=str(version), code="c", place="/p", version=version, digest="d" * 64, lake="/l"
    )


@pytest.fixture
def places(tmp_path):
    """Folders of their own."""
    made = Places(tmp_path / "r")
    prepare(made)
    return made


def test_connections_are_counted_from_before_they_are_accepted(tmp_path):
    """What waits in the listener's queue is a request as well; what is closed is none."""
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        assert connections.count(path) == 0
        with socket.socket(socket.AF_UNIX) as first, socket.socket(socket.AF_UNIX) as second:
            first.connect(str(path))
            second.connect(str(path))
            assert connections.count(path) == 2
            listener.accept()[0].close()
            assert connections.count(path) == 1
            accepted, _ = listener.accept()
            with accepted:
                assert connections.count(path) == 1
        assert connections.count(path) == 0


def test_link_names_a_slot_or_nothing(places):
    """Only a link to a slot's socket counts."""
    assert link.live(places) is None
    for slot in ("blue", "green", "blue"):
        link.point(places, slot)
        assert (link.live(places), link.idle(places)) == (slot, link.other(slot))
    assert [path.name for path in places.sockets.iterdir()] == ["live.sock"]


def test_history_passes_over_what_a_crash_cut_off(places):
    """A torn line is lost alone: what is written after it stands on a line of its own."""
    history.append(places, "switched", release(1))
    with places.history.open("a") as torn:
        torn.write('{"event": "switc')
    history.append(places, "deployed", release(1))
    assert [event["event"] for event in history.read(places)] == ["switched", "deployed"]


@given(st.lists(st.sampled_from(["switched", "rolled_back", "switched_back", "noted"])))
def test_line_of_releases_is_a_stack(events):
    """Each switch puts one on, each way back takes one off, nothing else counts."""
    expected: list[int] = []
    told = []
    for number, event in enumerate(events):
        told.append({"event": event, "release": vars(release(number))})
        if event == "switched":
            expected.append(number)
        elif event != "noted" and expected:
            expected.pop()
    assert [each.version for each in history.line_of_releases(told)] == expected


@pytest.mark.parametrize(
    ("expected", "found", "wrong"),
    [
        ({"a": 1}, {"a": 1, "new": 2}, ""),
        ({"a": [{"s": 1.0}]}, {"a": [{"s": 1.0 + 1e-9}]}, ""),
        ({"a": [{"s": 1.0}]}, {"a": [{"s": 1.01}]}, "a[0].s is 1.01 instead of 1.0"),
        ({"a": [1, 2]}, {"a": [1]}, "a has 1 entries instead of 2"),
        ({"a": 1}, {}, "a is None instead of 1"),
    ],
)
def test_golden_answers_are_compared_part_by_part(expected, found, wrong):
    """New fields are let in, scores may differ in the last digits, all else is named."""
    assert _difference(expected, found) == wrong


def test_second_command_is_told_who_is_at_work(places):
    """The lock names command, process and moment; it needs no unlocking."""
    with (
        held(places, "deploy of model 7"),
        pytest.raises(SystemFault, match=r"deploy of model 7, process \d+, since 20"),
        held(places, "rollback"),
    ):
        pass
    with held(places, "rollback"):
        pass


def test_folder_too_deep_for_sockets_is_refused(tmp_path):
    """The system's limit on socket paths is told before anything is made."""
    with pytest.raises(UsageFault, match="107 bytes"):
        places_of(RolloutSettings(folder=tmp_path / ("x" * 100)))


def test_folder_that_others_may_write_to_is_refused(tmp_path):
    """Who may write there could put a socket in a slot's place."""
    tmp_path.chmod(0o777)
    with pytest.raises(UsageFault, match="Others may write"):
        prepare(Places(tmp_path))


def test_configuration_has_the_settings_and_its_own_sum(places):
    """Another port is another generation; nothing is left to fill in."""
    first, again, other = (
        render(RolloutSettings(port=port), places) for port in (8080, 8080, 8082)
    )
    assert first == again
    assert first.generation != other.generation
    assert f"return 200 {first.generation};" in first.text
    assert "listen 127.0.0.1:8080 default_server;" in first.text
    assert f"http://unix:{places.link};" in first.text


@pytest.mark.parametrize("name", ["a b", "a;b", "a$b", "a{b"])
def test_path_that_nginx_would_misread_is_refused(tmp_path, name):
    """Signs that end words or blocks in nginx's configuration never get into it."""
    with pytest.raises(UsageFault, match="misread"):
        render(RolloutSettings(), Places(tmp_path / name))


@pytest.mark.parametrize("hosts", ["a; return 200", "a\nb", "", "a  b", "$host"])
def test_host_names_are_names(hosts):
    """What is no host name is refused by the settings."""
    with pytest.raises(ValueError, match="hosts"):
        RolloutSettings(hosts=hosts)


def test_template_that_asks_for_more_is_refused(places, tmp_path):
    """A sign that nobody fills in is named, not written."""
    template = tmp_path / "template"
    template.write_text("listen @SOMETHING@;")
    with pytest.raises(UsageFault, match="@SOMETHING@"):
        render(RolloutSettings(template=template), places)


def test_access_log_is_read_on_by_whole_lines(tmp_path):
    """What was there before does not count, half a line waits, probes of ours are left out."""
    log = tmp_path / "access.log"
    line = '{"slot":"%s","status":%d,"seconds":0.1,"request_id":"%s"}'
    log.write_text(line % ("blue", 500, "a") + "\n")
    reading = AccessLog(log)
    with log.open("a") as more:
        more.write(line % ("green", 200, "b") + "\n" + line % ("green", 503, "rollout-watch-1"))
        more.flush()
        assert [(each.slot, each.failed) for each in reading.ended()] == [("green", False)]
        more.write("\n" + line % ("", 503, "") + "\nnonsense\n")
    assert [(each.slot, each.failed) for each in reading.ended()] == [("", True)]


def test_access_log_that_was_rotated_is_read_from_its_start(tmp_path):
    """A log that was emptied goes on being read."""
    log = tmp_path / "access.log"
    line = '{"slot":"blue","status":%d,"seconds":0.1,"request_id":"a"}\n'
    log.write_text(line % 500 * 3)
    reading = AccessLog(log)
    log.write_text(line % 200)
    assert [each.status for each in reading.ended()] == [200]
    assert reading.ended() == []


def test_watch_counts_what_the_new_slot_and_nobody_answered(tmp_path):
    """What the slot before still finishes is not the new one's."""
    log = tmp_path / "access.log"
    reading = AccessLog(log)
    rows = [("green", 200)] * 30 + [("blue", 500)] * 5 + [("", 503)] * 2
    log.write_text(
        "".join(
            f'{{"slot":"{slot}","status":{status},"seconds":0.2,"request_id":""}}\n'
            for slot, status in rows
        )
    )
    seen = Watched("green")
    seen.add(reading.ended())
    assert (seen.requests, seen.failed, seen.slow_seconds) == (32, 2, 0.2)


def test_template_stands_in_the_checkout():
    """The wheel takes it from there (pyproject.toml, force-include)."""
    root = Path(__file__).parents[2]
    assert (root / "deploy/nginx/nginx.conf.template").is_file()
    assert "deploy/nginx/nginx.conf.template" in (root / "pyproject.toml").read_text()
