"""Around every request: an id, a limit on the body, one log line, and an answer if all else fails.

In comes a raw ASGI request, out goes the app's answer with ``X-Request-Id``. The log line names
the route's template and never the path, the query or the body: they may hold a guest's number.
For the same reason a crash is logged with its stack and the exception's type, without its text.
"""

from __future__ import annotations

import re
import secrets
import time
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nextloop.headers import REQUEST_ID_HEADER
from nextloop.serving.problems import ProblemFault, answer
from nextloop.telemetry import logs

_HEADER = REQUEST_ID_HEADER.lower().encode()
# Long enough for a UUID or a trace id with a prefix; nothing that could break a log line.
_ALLOWED_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NEW_ID_BYTES = 16
# Load balancers ask every second or so: their questions are not worth a line each.
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

_log = logs.get("serving")


class RequestFrame:
    """The outermost layer of our own.

    Args:
        app: What is inside.
        max_body_bytes: Longest body that is read.
        larger: Paths whose bodies may be longer.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int, larger: Mapping[str, int]) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self.larger.get(scope["path"], self.max_body_bytes)
        await _Frame(self.app, scope, receive, send, most).run()


class _Frame:
    """One request on its way through."""

    def __init__(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, max_body_bytes: int
    ) -> None:
        self.app, self.scope, self.receive, self.send = app, scope, receive, send
        self.max_body_bytes = max_body_bytes
        headers = Headers(scope=scope)
        self.request_id = _request_id(headers.get(REQUEST_ID_HEADER, ""))
        self.declared_bytes = _count(headers.get("content-length", ""))
        self.started_at = time.perf_counter()
        self.status = 0
        self.body_bytes = 0

    async def run(self) -> None:
        state: MutableMapping[str, Any] = self.scope.setdefault("state", {})
        state["request_id"] = self.request_id
        try:
            await self.app(self.scope, self._limited_receive, self._named_send)
        except Exception as error:  # noqa: BLE001 - nothing may leave without an answer
            await self._crashed(error)
        finally:
            self._log()

    async def _limited_receive(self) -> Message:
        message = await self.receive()
        self.body_bytes += len(message.get("body", b""))
        if max(self.body_bytes, self.declared_bytes) > self.max_body_bytes:
            # Of this kind FastAPI lets pass while it reads a body; others become a 400.
            raise HTTPException(413)
        return message

    async def _named_send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], (_HEADER, self.request_id.encode())]
        await self.send(message)

    async def _crashed(self, error: Exception) -> None:
        _log.error(
            "request failed",
            request_id=self.request_id,
            error=type(error).__name__,
            stack="".join(traceback.format_tb(error.__traceback__)),
        )
        if not self.status:
            response = answer(ProblemFault(500), self.request_id)
            await response(self.scope, self.receive, self._named_send)

    def _log(self) -> None:
        route = getattr(self.scope.get("route"), "path", "none")
        if route in _QUIET:
            return
        _log.info(
            "request",
            request_id=self.request_id,
            method=self.scope["method"],
            route=route,
            status=self.status or 499,
            seconds=round(time.perf_counter() - self.started_at, 6),
        )


def _request_id(given: str) -> str:
    """Take the caller's id if it is safe to log, else make one."""
    return given if _ALLOWED_ID.fullmatch(given) else secrets.token_hex(_NEW_ID_BYTES)


def _count(declared: str) -> int:
    """Read a content length; what is no number is for the server to refuse."""
    return int(declared) if declared.isascii() and declared.isdigit() else 0
