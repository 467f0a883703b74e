#!/usr/bin/env python3
"""The dead-man's switch: tells Slack when Prometheus or Alertmanager has gone silent.

Comes in: Alertmanager's webhook, which is called as long as the alert Watchdog fires. Goes out: one
message when it has been silent too long, one when it is back. Needs Python and nothing else; run it
on another machine than the monitoring, or both are silent together.

    deadman.py --slack-url-file secrets/slack_page_url --port 9099 --silence 180
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_LARGEST_BYTES = 1_000_000
_SECONDS = 10
_DEAD = (
    "[PAGE 긴급] Watchdog\n"
    "*Monitoring is silent: nobody is told of any fault*\n"
    "모니터링이 멈췄습니다. 다른 경보도 오지 않습니다\n"
    "No heartbeat of Prometheus has come through Alertmanager for {seconds:.0f} s.\n"
    "Runbook 대응 절차: docs/runbooks/Watchdog.md · Dashboard 대시보드: nextloop-overview"
)
_BACK = (
    "[RESOLVED 해결] Watchdog\n"
    "*Monitoring is back*\n모니터링이 다시 동작합니다\n"
    "Heartbeats come again, after {seconds:.0f} s without.\n"
    "Runbook 대응 절차: docs/runbooks/Watchdog.md · Dashboard 대시보드: nextloop-overview"
)


class Switch:
    """Knows when the last heartbeat came, and what was said of it.

    Args:
        silence: Seconds without a heartbeat that count as death.
        slack_url_file: Holds the webhook's address; read anew for each message.
    """

    def __init__(self, silence: float, slack_url_file: Path) -> None:
        self.silence = silence
        self.slack_url_file = slack_url_file
        self._lock = threading.Lock()
        # Counted from the start: a monitoring that never speaks is found as well.
        self._last = self._since = time.monotonic()
        self._is_dead = False

    def beat(self) -> None:
        """Take a heartbeat."""
        with self._lock:
            if not self._is_dead:
                self._since = time.monotonic()
            self._last = time.monotonic()

    def look(self) -> None:
        """Say what has changed, if anything has; what Slack does not take is said again."""
        with self._lock:
            now = time.monotonic()
            was_dead, is_dead = self._is_dead, now - self._last > self.silence
            text = (_DEAD if is_dead else _BACK).format(seconds=now - self._since)
        if is_dead == was_dead or not self._post(text):
            return
        with self._lock:
            self._is_dead = is_dead
            if not is_dead:
                self._since = self._last

    @property
    def is_dead(self) -> bool:
        """Whether the last word was that monitoring is silent."""
        return self._is_dead

    def _post(self, text: str) -> bool:
        try:
            url = self.slack_url_file.read_text("utf-8").strip()
            request = urllib.request.Request(  # noqa: S310 the operator's own file
                url, json.dumps({"text": text}).encode(), {"Content-Type": "application/json"}
            )
            urllib.request.urlopen(request, timeout=_SECONDS).close()  # noqa: S310 the same
        except (OSError, ValueError) as fault:
            # The address is a secret: only what kind of fault it was.
            reason = getattr(fault, "code", type(fault).__name__)
            sys.stderr.write(f"Slack does not take the message: {reason}\n")
            return False
        return True


def server(switch: Switch, address: str, port: int) -> ThreadingHTTPServer:
    """Make the server that heartbeats come to; `GET /healthz` says that it lives."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if not 0 <= length <= _LARGEST_BYTES:
                self._answer(413)
                return
            self._answer(204 if _is_heartbeat(self.rfile.read(length)) else 400)

        def do_GET(self) -> None:
            self._answer(204 if self.path == "/healthz" else 404)

        def _answer(self, status: int) -> None:
            if status == 204 and self.command == "POST":  # noqa: PLR2004 HTTP's own
                switch.beat()
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: a heartbeat a minute is no news."""

    return ThreadingHTTPServer((address, port), Handler)


def _is_heartbeat(body: bytes) -> bool:
    try:
        told = json.loads(body)
        return any(
            alert["labels"]["alertname"] == "Watchdog" and alert["status"] == "firing"
            for alert in told["alerts"]
        )
    except (ValueError, KeyError, TypeError):
        return False


def main() -> None:
    """Listen, and look every twentieth of the silence."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--slack-url-file", type=Path, required=True)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9099)
    parser.add_argument("--silence", type=float, default=180.0, help="seconds")
    given = parser.parse_args()
    os.umask(0o077)
    switch = Switch(given.silence, given.slack_url_file)
    listening = server(switch, given.address, given.port)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    while True:
        time.sleep(given.silence / 20)
        switch.look()


if __name__ == "__main__":
    main()
