"""Uploads of the JSON API: in one piece, as metadata and bytes, or resumable in chunks.

In: requests below `/upload/storage/v1`. Out: the version that was made, or 308 for more bytes.
An upload that a dying client leaves unfinished makes nothing.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.gcs import conditions
from tests.gcs.conditions import Conditions
from tests.gcs.json_api import resource
from tests.gcs.messages import Answer, Refused, Request, json_answer, names
from tests.gcs.objects import Objects, Version


@dataclass
class Session:
    """A resumable upload that is under way; its conditions are those it began with."""

    bucket: str
    name: str
    fields: Mapping[str, Any]
    conditions: Conditions
    data: bytearray = field(default_factory=bytearray)
    made: Version | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Uploads:
    """The three ways of the JSON API to write an object."""

    def __init__(self, objects: Objects) -> None:
        self._objects, self._sessions = objects, dict[str, Session]()

    def answer(self, request: Request) -> Answer:
        """Begin, continue or do an upload."""
        query = request.query
        if "upload_id" in query:
            return self._continue(request, query["upload_id"])
        bucket = names(request.raw_path)[-2]
        kind = query.get("uploadType", "media")
        if kind == "resumable":
            return self._begin(request, bucket)
        fields, data = _related(request) if kind == "multipart" else ({}, request.body)
        if kind == "media" and (content_type := request.header("content-type")):
            fields["contentType"] = content_type
        name = _name(request, fields)
        made = self._objects.write(bucket, name, data, fields, conditions.of_json(request))
        return json_answer(resource(request, made))

    def _begin(self, request: Request, bucket: str) -> Answer:
        fields, needed = request.json(), conditions.of_json(request)
        if content_type := request.header("x-upload-content-type"):
            fields.setdefault("contentType", content_type)
        name = _name(request, fields)
        self._objects.check(bucket, name, needed)
        key = secrets.token_urlsafe(32)
        self._sessions[key] = Session(bucket, name, fields, needed)
        path = f"/upload/storage/v1/b/{quote(bucket)}/o?uploadType=resumable&upload_id={key}"
        location = request.origin + path
        return Answer(200, b"", {"Location": location, "X-GUploader-UploadID": key})

    def _continue(self, request: Request, key: str) -> Answer:
        session = self._sessions.get(key)
        if session is None:
            raise Refused(404, "No such upload")
        if request.method == "DELETE":
            del self._sessions[key]
            return Answer(499)
        with session.lock:
            if session.made is None and not _take(session, request):
                return _more(session)
            if session.made is None:
                made = self._objects.write(
                    session.bucket,
                    session.name,
                    bytes(session.data),
                    session.fields,
                    session.conditions,
                )
                session.made, session.data = made, bytearray()
        return json_answer(resource(request, session.made))


def _take(session: Session, request: Request) -> bool:
    """Add a chunk; say whether the upload is whole."""
    header = request.header("content-range")
    if header is None:
        session.data[:] = request.body
        return True
    found = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", header.strip())
    if not found:
        raise Refused(400, f"Not a content range: {header}")
    first, _, total = found.groups()
    if first is not None:
        if int(first) > len(session.data):
            raise Refused(400, f"Bytes before {first} are missing")
        session.data[int(first) :] = request.body
    return total != "*" and len(session.data) == int(total)


def _more(session: Session) -> Answer:
    received = len(session.data)
    return Answer(308, b"", {"Range": f"bytes=0-{received - 1}"} if received else {})


def _name(request: Request, fields: Mapping[str, Any]) -> str:
    name = request.query.get("name") or fields.get("name")
    if not name:
        raise Refused(400, "The object has no name")
    return str(name)


def _related(request: Request) -> tuple[dict[str, Any], bytes]:
    """Split a multipart/related body into the metadata and the bytes."""
    found = re.search(r'boundary="?([^";]+)"?', request.header("content-type") or "")
    if not found:
        raise Refused(400, "The parts have no boundary")
    mark = b"--" + found.group(1).encode()
    begin = request.body.find(mark) + len(mark)
    middle = request.body.find(b"\n" + mark, begin)
    end = request.body.rfind(b"\n" + mark + b"--")
    if not 0 < begin < middle < end:
        raise Refused(400, "The upload has not two parts")
    _, text = _part(request.body[begin:middle])
    headers, data = _part(request.body[middle + 1 + len(mark) : end])
    fields = json.loads(text)
    if content_type := re.search(rb"(?im)^content-type:[ \t]*([^\r\n]+)", headers):
        fields.setdefault("contentType", content_type.group(1).strip().decode())
    return fields, data.removesuffix(b"\r")


def _part(text: bytes) -> tuple[bytes, bytes]:
    """Split a part at its empty line; clients end lines both ways."""
    found = re.search(rb"\r?\n\r?\n", text)
    if not found:
        raise Refused(400, "A part has no headers")
    return text[: found.start()], text[found.end() :]
