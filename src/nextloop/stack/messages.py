"""What stands in Slack's place where there is none: it writes down what people would have read.

Comes in: webhooks as Slack takes them. Goes out: lines in a log.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_LARGEST_BYTES = 1_000_000


def words(message: Any) -> str:
    """Return what a person reads of a message, title first.

    Args:
        message: As it is sent to Slack.
    """
    parts = [message.get("text", "")]
    for attachment in message.get("attachments", []):
        parts += [attachment.get("title", ""), attachment.get("text", "")]
    return "\n".join(part for part in parts if part)


def serve(port: int, log: Path) -> None:
    """Write down messages until the process ends.

    Args:
        port: Of this machine.
        log: Goes on.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers["Content-Length"]), _LARGEST_BYTES))
            try:
                text = words(json.loads(body))
            except (ValueError, AttributeError):
                self._answer(400)
                return
            with log.open("a", encoding="utf-8") as lines:
                lines.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {text}\n")
            self._answer(200)

        def do_GET(self) -> None:
            self._answer(200)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: the log is for messages."""

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    given = argparse.ArgumentParser()
    given.add_argument("--port", type=int, required=True)
    given.add_argument("--log", type=Path, required=True)
    found = given.parse_args()
    serve(found.port, found.log)
