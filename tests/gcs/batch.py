"""Batches of the JSON API: many small calls in one request.

In: a multipart/mixed body of HTTP requests. Out: their answers in the same form and order.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tests.gcs.messages import Answer, Refused, Request

_BOUNDARY = "batch_answers"


def batched(request: Request, call: Callable[[Request], Answer]) -> Answer:
    """Answer every call of a batch."""
    found = re.search(r'boundary="?([^";]+)"?', request.header("content-type") or "")
    if not found:
        raise Refused(400, "The batch has no boundary")
    parts = request.body.split(b"--" + found.group(1).encode())[1:-1]
    text = b"".join(_answered(request, part, call) for part in parts)
    return Answer(
        200,
        text + f"--{_BOUNDARY}--\r\n".encode(),
        {"Content-Type": f"multipart/mixed; boundary={_BOUNDARY}"},
    )


def _answered(request: Request, part: bytes, call: Callable[[Request], Answer]) -> bytes:
    outer, _, inner = part.replace(b"\r\n", b"\n").strip(b"\n").partition(b"\n\n")
    head, _, body = inner.partition(b"\n\n")
    line, *lines = head.decode().split("\n")
    method, target, *_ = line.split(" ")
    answer = call(
        replace(
            request,
            method=method,
            # Google's client gives the whole address, others the path alone.
            target=re.sub(r"^https?://[^/]+", "", target),
            headers=_headers("\n".join(lines)),
            body=body.strip(),
        )
    )
    name = _headers(outer.decode()).get("content-id", "<>").strip("<>")
    shown = "".join(f"{key}: {value}\r\n" for key, value in answer.headers.items())
    top = (
        f"--{_BOUNDARY}\r\n"
        f"Content-Type: application/http\r\nContent-ID: <response-{name}>\r\n\r\n"
        f"HTTP/1.1 {answer.status} Answer\r\nContent-Length: {len(answer.body)}\r\n{shown}\r\n"
    )
    return top.encode() + bytes(answer.body) + b"\r\n"


def _headers(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
