"""What tests stand between Airflow and the world: a Google bucket, a Slack channel, a free port."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
DEV = ROOT / ".venv-dev/bin"


@contextmanager
def bucket_server() -> Iterator[str]:
    """Start the project's stand-in for Google Cloud Storage; gives its address."""
    with subprocess.Popen(
        [DEV / "python", "-m", "tests.gcs"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        url = process.stdout.readline().strip()
        assert url
        try:
            yield url
        finally:
            process.terminate()


def make_bucket(url: str, name: str) -> None:
    """Make a bucket on the stand-in."""
    body = json.dumps({"name": name}).encode()
    _ask("POST", f"{url}/storage/v1/b?project=test", body)


def upload(url: str, bucket: str, name: str, data: bytes) -> None:
    """Put an object into a bucket on the stand-in."""
    query = f"uploadType=media&name={quote(name, safe='')}"
    _ask("POST", f"{url}/upload/storage/v1/b/{bucket}/o?{query}", data)


def remove(url: str, bucket: str, name: str) -> None:
    """Take an object out of a bucket on the stand-in."""
    _ask("DELETE", f"{url}/storage/v1/b/{bucket}/o/{quote(name, safe='')}")


def _ask(method: str, place: str, data: bytes | None = None) -> None:
    header = {"Content-Type": "application/octet-stream"}
    request = urllib.request.Request(place, data, header, method=method)  # noqa: S310 loopback
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 the same


@dataclass
class Channel:
    """A Slack channel: what was posted to its webhook.

    Attributes:
        webhook: Its address, a secret.
        messages: The posts' bodies, oldest first.
        status: What the webhook answers.
    """

    webhook: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200

    @property
    def texts(self) -> list[str]:
        """The messages' texts."""
        return [message["text"] for message in self.messages]

    def find(self, *words: str) -> str | None:
        """Return the first text with all the words."""
        return next((text for text in self.texts if all(word in text for word in words)), None)

    def wait_for(self, *words: str, seconds: float) -> str:
        """Wait for a text with all the words."""
        end = time.monotonic() + seconds
        while (found := self.find(*words)) is None:
            assert time.monotonic() < end, f"no message with {words} among {self.texts}"
            time.sleep(0.5)
        return found


@contextmanager
def slack_channel() -> Iterator[Channel]:
    """Listen as Slack's webhooks do."""
    channel = Channel()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            channel.messages.append(json.loads(body))
            self.send_response(channel.status)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    channel.webhook = f"http://127.0.0.1:{server.server_port}/services/T0/B0/planted-secret"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield channel
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def free_port() -> int:
    """Return a port that nobody listens on."""
    return int(subprocess.check_output([sys.executable, ROOT / "tests/ports.py"]))
