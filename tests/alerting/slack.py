"""A Slack on this machine: takes webhooks, remembers them, and fails when it is told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Slack:
    """What came, by the path that it came to.

    Attributes:
        port: Where it listens.
        refusals: How many of the next messages are answered with 500.
    """

    port: int = 0
    refusals: int = 0
    came: list[tuple[str, float, dict[str, Any]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, path: str) -> str:
        """Name the address of a webhook."""
        return f"http://127.0.0.1:{self.port}/{path}"

    def take(self, path: str, body: bytes) -> int:
        """Remember a message, or refuse it; return the status."""
        with self._lock:
            if self.refusals:
                self.refusals -= 1
                return 500
            self.came.append((path.strip("/"), time.monotonic(), json.loads(body)))
            return 200

    def texts(self, path: str = "", since: float = 0) -> list[str]:
        """Return the words of each message, title first, that came since a moment."""
        with self._lock:
            return [
                words(body) for where, at, body in self.came if at >= since and path in {"", where}
            ]

    def wait_for(self, *parts: str, path: str = "", seconds: float = 30, since: float = 0) -> str:
        """Wait for a message that has all the parts.

        Raises:
            AssertionError: None came in time; what came is said.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for text in self.texts(path, since):
                if all(part in text for part in parts):
                    return text
            time.sleep(0.1)
        raise AssertionError(f"no message with {parts} within {seconds} s: {self.texts()}")


def words(body: dict[str, Any]) -> str:
    """Return what a person reads of a message."""
    parts = [body.get("text", "")]
    for attachment in body.get("attachments", []):
        parts += [attachment.get(name, "") for name in ("title", "title_link", "text", "footer")]
        parts.append(attachment.get("color", ""))
    return "\n".join(part for part in parts if part)


@contextmanager
def listening() -> Iterator[Slack]:
    """Listen on a free port."""
    slack = Slack()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(slack.take(self.path, body))
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    slack.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield slack
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
