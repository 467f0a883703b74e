"""Requests under way while slots are switched and stopped."""

from __future__ import annotations

import socket
import threading
import time

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Call(threading.Thread):
    """One slow request on a socket of its own; `answer` is all that came."""

    def __init__(self, port, text, body=b"", pause=0.0):
        super().__init__()
        self.port, self.head, self.body, self.pause = port, text, body, pause
        self.answer, self.fault = b"", ""

    def run(self):
        """Send, byte by byte if asked to, and read to the end."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 60) as caller:
                length = f"Content-Length: {len(self.body)}\r\n" if self.body else ""
                rest = f"Host: localhost\r\nConnection: close\r\n{length}\r\n"
                caller.sendall(f"{self.head} HTTP/1.1\r\n{rest}".encode())
                for place in range(len(self.body)):
                    caller.sendall(self.body[place : place + 1])
                    time.sleep(self.pause)
                while part := caller.recv(65536):
                    self.answer += part
        except OSError as fault:
            self.fault = repr(fault)

    def slot(self):
        """Who answered."""
        head = self.answer.partition(b"\r\n\r\n")[0].decode().lower()
        return head.partition("x-nextloop-slot: ")[2].split("\r\n")[0]


def test_slow_requests_survive_a_switch(stage):
    """20 s of thinking, an upload byte by byte and a stream end whole; only then the old stops."""
    code = stage.doctored("slow")
    stage.deploy(4, "--code", code)
    stage.deploy(1, "--code", code)
    assert stage.live == "green"
    stage.set(warm_minutes=0)
    calls = [
        Call(stage.port, "GET /slow/20"),
        Call(stage.port, "GET /stream/15"),
        Call(stage.port, "POST /upload", b"x" * 15, 1.0),
    ]
    for call in calls:
        call.start()
    time.sleep(0.5)
    begun = time.monotonic()
    stage.deploy(4, "--code", code)
    seconds = time.monotonic() - begun
    for call in calls:
        call.join()
    slow, stream, upload = calls
    assert [call.fault for call in calls] == ["", "", ""]
    assert slow.answer.endswith(b"slept")
    assert stream.answer.count(b"0123456789") == 150
    assert upload.answer.endswith(b"15")
    assert (slow.slot(), stream.slot()) == ("green", "green")
    assert upload.slot() == "blue"  # nginx had it whole only after the switch
    assert seconds > 15  # the deploy waited for what green had accepted
    stopped = [event for event in stage.run("history") if event["event"] == "stopped"]
    assert [(event["slot"], event["killed"], event["cut"]) for event in stopped] == [
        ("green", False, 0)
    ]


def test_slot_that_does_not_end_is_killed_and_what_it_cut_is_counted(stage):
    """It is given its time, then SIGKILL; the history says how many requests that cost."""
    stage.deploy(1, "--code", stage.doctored("deaf"))
    call = Call(stage.port, "GET /slow/60")
    call.start()
    stage.set(warm_minutes=0, drain_seconds=1, stop_seconds=1)
    stage.deploy(4)
    call.join()
    stopped = stage.run("history")[-1]
    assert (stopped["event"], stopped["killed"], stopped["cut"]) == ("stopped", True, 1)
    assert b"503" in call.answer
