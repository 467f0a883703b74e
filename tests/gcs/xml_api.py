"""The XML API: what delta-rs and Sail call through `object_store`.

In: requests to `/bucket/object`. Out: bytes with headers, or listings as XML.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from tests.gcs import conditions
from tests.gcs.listing import Listing
from tests.gcs.messages import Answer, Refused, Request, xml_answer
from tests.gcs.objects import Objects, Version
from tests.gcs.ranges import download


class XmlApi:
    """Buckets and objects in the older API's words."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._parts: dict[str, dict[int, bytes]] = {}

    def answer(self, request: Request) -> Answer:
        """Answer a call."""
        bucket, _, name = request.raw_path.lstrip("/").partition("/")
        bucket, name = unquote(bucket), unquote(name)
        if not name:
            return self._of_bucket(request, bucket)
        if request.method in {"GET", "HEAD"}:
            needed = conditions.of_xml(request)
            generation = request.query.get("generation")
            return download(request, self._objects.read(bucket, name, generation, needed))
        if "uploads" in request.query or "uploadId" in request.query:
            return self._in_parts(request, bucket, name)
        if request.method == "PUT" and request.header("x-goog-copy-source"):
            return self._copy(request, bucket, name)
        if request.method == "PUT":
            return _made(self._write(request, bucket, name, request.body))
        if request.method == "DELETE":
            generation = request.query.get("generation")
            self._objects.delete(bucket, name, generation, conditions.of_xml(request))
            return Answer(204)
        raise Refused(501, f"The stand-in does not know {request.method} of an object")

    def _of_bucket(self, request: Request, bucket: str) -> Answer:
        if request.method == "PUT":
            self._objects.make_bucket(bucket)
            return Answer(200)
        if request.method == "HEAD":
            self._objects.versions(bucket)
            return Answer(200)
        if request.method != "GET":
            raise Refused(501, f"The stand-in does not know {request.method} of a bucket")
        query = request.query
        page = Listing(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            limit=int(query.get("max-keys", 1000)),
            after=query.get("start-after", query.get("marker", "")),
            token=query.get("continuation-token", ""),
        ).page(self._objects.versions(bucket))
        found = "".join(map(_listed, page.versions))
        folded = "".join(
            f"<CommonPrefixes><Prefix>{escape(prefix)}</Prefix></CommonPrefixes>"
            for prefix in page.prefixes
        )
        more = f"<NextContinuationToken>{page.token}</NextContinuationToken>" if page.token else ""
        return xml_answer(
            '<ListBucketResult xmlns="http://doc.s3.amazonaws.com/2006-03-01">'
            f"<Name>{escape(bucket)}</Name><Prefix>{escape(query.get('prefix', ''))}</Prefix>"
            f"<KeyCount>{len(page.versions) + len(page.prefixes)}</KeyCount>"
            f"<IsTruncated>{str(bool(page.token)).lower()}</IsTruncated>{more}{found}{folded}"
            "</ListBucketResult>"
        )

    def _write(self, request: Request, bucket: str, name: str, data: bytes) -> Version:
        return self._objects.write(bucket, name, data, _fields(request), conditions.of_xml(request))

    def _copy(self, request: Request, bucket: str, name: str) -> Answer:
        source = unquote(request.header("x-goog-copy-source") or "").lstrip("/")
        from_bucket, _, from_name = source.partition("/")
        with self._objects.step():
            generation = request.header("x-goog-copy-source-generation")
            found = self._objects.find(from_bucket, from_name, generation)
            conditions.of_xml(request, source=True).check_write(found)
            needed = conditions.of_xml(request)
            made = self._objects.write(bucket, name, found.data, found.fields, needed)
        answer = xml_answer(
            f"<CopyObjectResult><LastModified>{made.updated:%Y-%m-%dT%H:%M:%S.%fZ}</LastModified>"
            f"<ETag>{escape(made.etag)}</ETag></CopyObjectResult>"
        )
        answer.headers |= _made(made).headers
        return answer

    def _in_parts(self, request: Request, bucket: str, name: str) -> Answer:
        if "uploads" in request.query and request.method == "POST":
            self._objects.check(bucket, name, conditions.of_xml(request))
            key = secrets.token_urlsafe(32)
            self._parts[key] = {}
            return xml_answer(
                f"<InitiateMultipartUploadResult><Bucket>{escape(bucket)}</Bucket>"
                f"<Key>{escape(name)}</Key><UploadId>{key}</UploadId>"
                "</InitiateMultipartUploadResult>"
            )
        key = request.query.get("uploadId", "")
        parts = self._parts.get(key)
        if parts is None:
            raise Refused(404, "The specified multipart upload does not exist")
        if request.method == "DELETE":
            del self._parts[key]
            return Answer(204)
        if request.method == "PUT":
            parts[int(request.query["partNumber"])] = request.body
            return Answer(200, b"", {"ETag": _part_etag(request.body)})
        made = self._write(request, bucket, name, _joined(request, parts))
        del self._parts[key]
        answer = xml_answer(
            f"<CompleteMultipartUploadResult><Bucket>{escape(bucket)}</Bucket>"
            f"<Key>{escape(name)}</Key><ETag>{escape(made.etag)}</ETag>"
            "</CompleteMultipartUploadResult>"
        )
        answer.headers |= _made(made).headers
        return answer


def _joined(request: Request, parts: Mapping[int, bytes]) -> bytes:
    """The parts that the client names, in its order, each as it was sent."""
    chosen = []
    for part in re.findall(r"<Part>.*?</Part>", request.body.decode(), re.DOTALL):
        element = ET.fromstring(part)  # noqa: S314 - the test's own client wrote it
        data = parts.get(int(element.findtext("PartNumber") or 0))
        if data is None or (element.findtext("ETag") or "").strip('"') != _part_etag(data)[1:-1]:
            raise Refused(400, "A part is not there, or is another one")
        chosen.append(data)
    return b"".join(chosen)


def _part_etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def _made(version: Version) -> Answer:
    headers = {"ETag": version.etag, "x-goog-generation": str(version.generation)}
    return Answer(200, b"", {**headers, "x-goog-metageneration": str(version.metageneration)})


def _fields(request: Request) -> dict[str, Any]:
    mark = "x-goog-meta-"
    own = {key[len(mark) :]: text for key, text in request.headers.items() if key.startswith(mark)}
    fields: dict[str, Any] = {"metadata": own} if own else {}
    if content_type := request.header("content-type"):
        fields["contentType"] = content_type
    return fields


def _listed(version: Version) -> str:
    return (
        f"<Contents><Key>{escape(version.name)}</Key>"
        f"<Generation>{version.generation}</Generation>"
        f"<MetaGeneration>{version.metageneration}</MetaGeneration>"
        f"<LastModified>{version.updated:%Y-%m-%dT%H:%M:%S.%fZ}</LastModified>"
        f"<ETag>{escape(version.etag)}</ETag><Size>{len(version.data)}</Size></Contents>"
    )
