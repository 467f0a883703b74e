"""Questions to slots and to the proxy: plain HTTP, a new connection each, never a retry.

Comes in: a unix socket or a port. Goes out: the answer, or None if there was none.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from nextloop.headers import REQUEST_ID_HEADER

Target = Path | tuple[str, int]
ASK_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Reply:
    """An answer.

    Attributes:
        status: HTTP's.
        headers: By lower-case name.
        body: Its bytes.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body's JSON, None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Ready:
    """What a slot says of itself when it is ready."""

    slot: str
    code: str
    version: int
    digest: str


class _Connection(http.client.HTTPConnection):
    """Reaches a unix socket as well."""

    def __init__(self, target: Target, host: str, seconds: float) -> None:
        super().__init__(host, timeout=seconds)
        self.target = target

    def connect(self) -> None:
        if isinstance(self.target, tuple):
            self.sock = socket.create_connection(self.target, self.timeout)
            return
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.target))


def ask(
    target: Target,
    path: str,
    body: bytes | None = None,
    *,
    host: str = "localhost",
    request_id: str = "",
    seconds: float = ASK_SECONDS,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Reply | None:
    """Send one request.

    Args:
        target: Where to.
        path: Of the URL.
        body: JSON to POST; without it the request is a GET.
        host: The name in the header.
        request_id: Names the request in logs.
        seconds: Longest wait for each part of the answer.
        more: Further headers.

    Returns:
        The answer; None if it did not come, or not whole.
    """
    headers = {"Connection": "close", **more}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if request_id:
        headers[REQUEST_ID_HEADER] = request_id
    connection = _Connection(target, host, seconds)
    try:
        connection.request("POST" if body is not None else "GET", path, body, headers)
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, named, answer.read())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def ready(target: Target, *, host: str = "localhost", request_id: str = "") -> Ready | None:
    """Ask who is ready.

    Returns:
        Who answered; None if nobody did, or who did is not ready or not a slot of ours.
    """
    reply = ask(target, "/readyz", host=host, request_id=request_id)
    said: Any = reply.json() if reply and reply.status == http.client.OK else None
    try:
        return Ready(said["slot"], said["code"], said["model_version"], said["model_digest"])
    except (KeyError, TypeError):
        return None
