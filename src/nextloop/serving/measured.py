"""Around everything: how long each request took and what it got, by route.

In come requests, out go calls of what counts them. Routes are named as
prometheus-fastapi-instrumentator names them, paths that no route has are one group. Its own
middleware costs twice as much (docs/decisions/0020).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from prometheus_fastapi_instrumentator import routing
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Probes and scrapes would hide what callers see: they are many, and always fast.
_UNCOUNTED: Final = frozenset({"/metrics", "/healthz", "/readyz"})
# A caller may invent methods; each would be a series for ever.
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"})
_NO_ROUTE: Final = "none"
_FAILED: Final = 500  # what a caller gets when the app gave nothing


class Measured:
    """Outermost of all, so that what is refused on the way in is measured too.

    Args:
        app: What is inside.
        responded: Told of method, route, status and seconds of each request but probes.
    """

    def __init__(self, app: ASGIApp, responded: Callable[[str, str, int, float], None]) -> None:
        self.app = app
        self.responded = responded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = _FAILED

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started_at = time.perf_counter()
        try:
            await self.app(scope, receive, noting_send)
        finally:
            handler = _route(scope)
            if handler not in _UNCOUNTED:
                method = scope["method"]
                seconds = time.perf_counter() - started_at
                self.responded(method if method in _METHODS else "other", handler, status, seconds)


def _route(scope: Scope) -> str:
    """Name the route that the request came to, or would have."""
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str):
        return path
    connection = HTTPConnection(scope)
    return routing.get_route_name(connection, should_include_root_path=False) or _NO_ROUTE
