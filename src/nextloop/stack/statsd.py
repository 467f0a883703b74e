"""What stands in statsd_exporter's place where there is no package of it: StatsD in, metrics out.

Comes in: Airflow's datagrams. Goes out: `GET /metrics`.
"""

from __future__ import annotations

import argparse
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from nextloop.stack.tallies import Mapping, Metrics

_DATAGRAM_BYTES: Final = 65_535
_CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


def serve(port: int, statsd_port: int, metrics: Metrics) -> None:
    """Listen to Airflow and answer Prometheus until the process ends.

    Args:
        port: Of this machine, for Prometheus.
        statsd_port: Of this machine, for datagrams.
        metrics: Goes on.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = metrics.text().encode()
            self.send_response(200 if self.path == "/metrics" else 404)
            self.send_header("Content-Type", _CONTENT_TYPE)
            self.end_headers()
            self.wfile.write(body if self.path == "/metrics" else b"")

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: scrapes are no news."""

    told = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        told.bind(("127.0.0.1", statsd_port))
    except OSError as taken:
        sys.exit(
            f"error: UDP port {statsd_port} cannot be listened on: {taken.strerror}. "
            "Set NEXTLOOP_STACK__STATSD_PORT to another."
        )
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while True:
        metrics.tell(told.recv(_DATAGRAM_BYTES))


if __name__ == "__main__":
    given = argparse.ArgumentParser()
    given.add_argument("--port", type=int, required=True)
    given.add_argument("--statsd-port", type=int, required=True)
    given.add_argument("--mapping", type=Path, required=True)
    found = given.parse_args()
    serve(found.port, found.statsd_port, Metrics(Mapping.read(found.mapping)))
