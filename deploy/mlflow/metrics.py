#!/usr/bin/env python3
"""What MLflow's server counted, for Prometheus, on a port of its own.

Comes in: the folder in which `mlflow server --expose-prometheus FOLDER` counts. Goes out: `GET
/metrics`, and 503 while the server does not answer, so that `up` is the server's and not this
program's. The server's own /metrics asks for an administrator, whom Prometheus is not to be.

    python metrics.py --folder /tmp/counts --server http://127.0.0.1:5000 --port 9105
"""

from __future__ import annotations

import argparse
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_ASK_SECONDS = 5.0


def counted(folder: Path) -> bytes:
    """Add up what all of the server's processes counted, those that ended included.

    Args:
        folder: With a file a process.
    """
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    return generate_latest(registry)


def answers(server: str) -> bool:
    """Tell whether MLflow itself answers; any host name that it refuses is an answer too."""
    try:
        urllib.request.urlopen(f"{server}/health", timeout=_ASK_SECONDS).close()  # noqa: S310 ours
    except urllib.error.HTTPError as refused:
        return refused.code < 500  # noqa: PLR2004 HTTP's own
    except OSError:
        return False
    return True


def serve(address: str, port: int, folder: Path, server: str) -> None:
    """Answer Prometheus until the process ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/metrics":
                self._answer(404, b"")
            elif not answers(server):
                self._answer(503, b"MLflow does not answer.\n")
            else:
                self._answer(200, counted(folder))

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", CONTENT_TYPE_LATEST)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: scrapes are no news."""

    ThreadingHTTPServer((address, port), Handler).serve_forever()


if __name__ == "__main__":
    given = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    given.add_argument("--folder", type=Path, required=True, help="where the server counts")
    given.add_argument("--server", required=True, help="its address, http://...")
    given.add_argument("--address", default="127.0.0.1", help="that Prometheus reaches")
    given.add_argument("--port", type=int, default=9105)
    found = given.parse_args()
    serve(found.address, found.port, found.folder, found.server)
