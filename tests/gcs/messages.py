"""What the stand-in's routes take and give: one HTTP request, one HTTP answer.

In: a request as the socket brought it, or as a part of a batch. Out: an answer that the socket
or the batch writes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

STATUS_WORDS = {
    304: ("notModified", "NotModified"),
    400: ("invalid", "InvalidArgument"),
    401: ("required", "AuthenticationRequired"),
    404: ("notFound", "NoSuchKey"),
    409: ("conflict", "BucketAlreadyOwnedByYou"),
    412: ("conditionNotMet", "PreconditionFailed"),
    416: ("requestedRangeNotSatisfiable", "InvalidRange"),
    429: ("rateLimitExceeded", "SlowDown"),
    501: ("notImplemented", "NotImplemented"),
    503: ("backendError", "ServiceUnavailable"),
}


class Refused(Exception):
    """The request ends in this HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True)
class Request:
    """One call of a client."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    origin: str

    @property
    def raw_path(self) -> str:
        """The path, still escaped: an object's name may hold an escaped slash."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The parameters; of a repeated one the last."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def header(self, name: str) -> str | None:
        """A header's value, whatever its letters' case."""
        return self.headers.get(name.lower())

    def json(self) -> dict[str, Any]:
        """The body as an object; an empty body is an empty one."""
        if not self.body:
            return {}
        try:
            found = json.loads(self.body)
        except ValueError as error:
            raise Refused(400, "The body is not JSON") from error
        if not isinstance(found, dict):
            raise Refused(400, "The body is not an object")
        return found

    def is_xml_api(self) -> bool:
        """Whether the path is the XML API's `/bucket/object`."""
        first = self.raw_path.lstrip("/").split("/", 1)[0]
        return first not in {"storage", "upload", "download", "batch", "resumable", "token"}


@dataclass
class Answer:
    """What a client gets."""

    status: int = 200
    body: bytes | memoryview = b""
    headers: dict[str, str] = field(default_factory=dict)


def json_answer(content: Any, status: int = 200) -> Answer:
    """An answer of the JSON API."""
    body = json.dumps(content, ensure_ascii=False).encode()
    return Answer(status, body, {"Content-Type": "application/json; charset=UTF-8"})


def xml_answer(text: str, status: int = 200) -> Answer:
    """An answer of the XML API."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode()
    return Answer(status, body, {"Content-Type": "application/xml; charset=UTF-8"})


def refusal(request: Request, refused: Refused) -> Answer:
    """A refusal in the words of the API that was called."""
    reason, code = STATUS_WORDS.get(refused.status, ("error", "Error"))
    if refused.status == 304:
        return Answer(304)
    if request.is_xml_api():
        message = escape(refused.message)
        return xml_answer(
            f"<Error><Code>{code}</Code><Message>{message}</Message></Error>", refused.status
        )
    detail = {"message": refused.message, "domain": "global", "reason": reason}
    error = {"code": refused.status, "message": refused.message, "errors": [detail]}
    return json_answer({"error": error}, refused.status)


def names(raw_path: str) -> list[str]:
    """The unescaped segments of an escaped path."""
    return [unquote(part) for part in raw_path.strip("/").split("/")]
