"""The stand-in's HTTP server: one thread a connection, everything in memory.

In: HTTP/1.1 requests on loopback. Out: answers of the JSON API, the XML API, the identity
services or the control door; faults as ordered.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from tests.gcs.batch import batched
from tests.gcs.control import DOOR, Control, Log
from tests.gcs.faults import Fault, Faults
from tests.gcs.identity import Identity
from tests.gcs.json_api import JsonApi
from tests.gcs.messages import Answer, Refused, Request, refusal
from tests.gcs.objects import Objects
from tests.gcs.uploads import Uploads
from tests.gcs.xml_api import XmlApi

_PIECE: Final = 1 << 20


class _Broken(ConnectionError):
    """The connection ends here."""


class Server(ThreadingHTTPServer):
    """A Google Cloud Storage of one's own."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, port: int = 0) -> None:
        self.faults, self.identity, self.log = Faults(), Identity(), Log()
        self.control = Control(self.faults, self.identity, self.log)
        objects = Objects()
        self._json, self._xml, self._uploads = JsonApi(objects), XmlApi(objects), Uploads(objects)
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def call(self, request: Request) -> Answer:
        """Answer one call, or one call of a batch."""
        try:
            return self._route(request)
        except Refused as refused:
            return refusal(request, refused)

    def _route(self, request: Request) -> Answer:
        if self.identity.answers(request):
            return self.identity.answer(request)
        if request.raw_path == "/":  # a client may ask what it is talking to
            return Answer(200, b"", {"Metadata-Flavor": "Google"})
        self.identity.check(request)
        path = request.raw_path.removeprefix("/resumable")
        if path.startswith("/upload/storage/v1/"):
            return self._uploads.answer(request)
        if path.startswith("/batch"):
            return batched(request, self.call)
        if path.startswith(("/storage/v1/", "/download/storage/v1/")):
            return self._json.answer(request)
        return self._xml.answer(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = _PIECE
    server: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Keep the standard error for faults of the stand-in itself."""

    def _any(self) -> None:
        fault = None
        if not self.path.startswith(DOOR):
            fault = self.server.faults.take(self.command, self.path)
        call: dict[str, Any] = {"method": self.command, "target": self.path, "fault": None}
        call |= {"headers": dict(self.headers.items()), "status": 0, "received": 0, "sent": 0}
        call["fault"] = fault.kind if fault else None
        if not self.path.startswith(DOOR):
            # Before it is answered: whoever has the answer finds the call in the log.
            self.server.log.add(call)
        try:
            self._answer(call, fault)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = _any  # noqa: N815 - the base's

    def _answer(self, call: dict[str, Any], fault: Fault | None) -> None:
        body = self._body(call, fault)
        if fault and fault.kind == "stall":
            self.server.faults.stall(fault.seconds)
        headers = {name.lower(): text for name, text in self.headers.items()}
        origin = f"http://{headers.get('host', 'localhost')}"
        request = Request(self.command, self.path, headers, body, origin)
        if fault and fault.kind == "status":
            answer = refusal(request, Refused(fault.status, "A fault that the test ordered"))
            answer.headers |= fault.headers
        elif urlsplit(self.path).path.startswith(DOOR):
            answer = self.server.control.answer(request)
        else:
            answer = self.server.call(request)
        if fault and fault.kind == "lost":
            raise _Broken
        self._send(answer, call, fault.size if fault and fault.kind == "cut" else None)

    def _body(self, call: dict[str, Any], fault: Fault | None) -> bytes:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
            self.wfile.flush()
        pieces = bytearray()
        for piece in self._pieces():
            pieces += piece
            call["received"] = len(pieces)
            if fault and fault.kind == "cut_upload" and len(pieces) >= fault.size:
                raise _Broken
        if (
            self.headers.get("Content-Encoding", "").lower() == "gzip"
        ):  # the Hadoop connector's JSON
            return gzip.decompress(pieces)
        return bytes(pieces)

    def _pieces(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            yield from self._exactly(int(self.headers.get("Content-Length") or 0))
            return
        while size := int(self.rfile.readline().partition(b";")[0] or b"0", 16):
            yield from self._exactly(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size:
            piece = self.rfile.read(min(size, _PIECE))
            if not piece:  # a client that died in the middle has uploaded nothing
                raise _Broken
            size -= len(piece)
            yield piece

    def _send(self, answer: Answer, call: dict[str, Any], cut: int | None) -> None:
        call["status"] = answer.status
        self.send_response(answer.status)
        for name, text in answer.headers.items():
            self.send_header(name, text)
        if answer.status not in {204, 304}:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        body = memoryview(answer.body)[: len(answer.body) if cut is None else cut]
        if self.command != "HEAD":
            for start in range(0, len(body), _PIECE):
                call["sent"] += len(body[start : start + _PIECE])
                self.wfile.write(body[start : start + _PIECE])
        self.wfile.flush()
        if cut is not None:
            raise _Broken
