"""What nginx answered, for Prometheus: by slot and status, its connections, whether it is there.

Comes in: the rollout's access log and nginx's stub_status. Goes out: `GET /metrics` on a port of
the inner address. nginx itself counts connections and no statuses.
"""

from __future__ import annotations

import re
import threading
from http.server import ThreadingHTTPServer
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import MetricsHandler

from nextloop.errors import SystemFault
from nextloop.rollout import asking
from nextloop.rollout.access_log import AccessLog
from nextloop.rollout.places import SLOTS
from nextloop.rollout.rollout import Rollout
from nextloop.telemetry import proxy

_NONE: Final = "none"
# There from the start, at 0: a series that begins with its first fault shows no increase.
_EXPECTED: Final = (200, 500, 502, 503, 504)
_STATUS: Final = re.compile(
    r"Active connections: (\d+).*Reading: (\d+) Writing: (\d+) Waiting: (\d+)", re.DOTALL
)


class NginxMetrics:
    """Counters that read on in the log whenever they are asked for.

    Args:
        rollout: Whose nginx.
    """

    def __init__(self, rollout: Rollout) -> None:
        self.registry = CollectorRegistry()
        self._proxy = rollout.proxy
        self._log = AccessLog(rollout.places.access_log)
        self._lock = threading.Lock()
        self._requests = proxy.REQUESTS.on(self.registry)
        self._up = proxy.UP.on(self.registry)
        self._connections = [
            metric.on(self.registry)
            for metric in (
                proxy.ACTIVE,
                proxy.READING,
                proxy.WRITING,
                proxy.WAITING,
            )
        ]
        for slot in (*SLOTS, _NONE):
            for status in _EXPECTED:
                self._requests.labels(slot, str(status))

    def look(self) -> None:
        """Count what has ended since, and ask nginx how it is."""
        with self._lock:
            for served in self._log.ended():
                slot = served.slot if served.slot in SLOTS else _NONE
                self._requests.labels(slot, str(served.status)).inc()
            reply = asking.ask(self._proxy.inner, "/nginx_status")
            found = _STATUS.search(reply.body.decode(errors="replace")) if reply else None
            self._up.set(found is not None)
            for gauge, value in zip(
                self._connections, found.groups() if found else (0, 0, 0, 0), strict=True
            ):
                gauge.set(float(value))


def serve(rollout: Rollout, port: int) -> None:
    """Answer Prometheus until the process ends.

    Args:
        rollout: Whose nginx.
        port: Of the address that the slots' own metrics have.

    Raises:
        SystemFault: The port is taken.
    """
    found = NginxMetrics(rollout)

    class Handler(MetricsHandler):
        registry = found.registry

        def do_GET(self) -> None:  # noqa: N802 the base class's name
            found.look()
            super().do_GET()

    try:
        server = ThreadingHTTPServer((rollout.settings.inner_address.strip("[]"), port), Handler)
    except OSError as taken:
        raise SystemFault(
            f"Port {port} cannot be listened on: {taken.strerror}.", "Give another by --port."
        ) from taken
    server.serve_forever()
