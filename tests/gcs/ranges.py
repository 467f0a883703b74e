"""Downloads: an object's bytes, or the range of them that was asked for."""

from __future__ import annotations

import re
from email.utils import format_datetime

from tests.gcs.messages import Answer, Refused, Request
from tests.gcs.objects import Version, text_hash


def download(request: Request, version: Version) -> Answer:
    """Answer with the bytes and what describes them."""
    headers = _headers(version)
    wanted = request.header("range")
    if wanted is None:
        return Answer(200, version.data, headers)
    first, last = _bounds(wanted, len(version.data))
    headers["Content-Range"] = f"bytes {first}-{last}/{len(version.data)}"
    return Answer(206, memoryview(version.data)[first : last + 1], headers)


def _headers(version: Version) -> dict[str, str]:
    fields = version.fields
    hashes = f"crc32c={text_hash(version.crc32c)}"
    if not version.components:
        hashes += f",md5={text_hash(version.md5)}"
    return {
        "Content-Type": fields.get("contentType", "application/octet-stream"),
        "Accept-Ranges": "bytes",
        "ETag": version.etag,
        "Last-Modified": format_datetime(version.updated, usegmt=True),
        "x-goog-generation": str(version.generation),
        "x-goog-metageneration": str(version.metageneration),
        "x-goog-stored-content-encoding": "identity",
        "x-goog-stored-content-length": str(len(version.data)),
        "x-goog-storage-class": fields.get("storageClass", "STANDARD"),
        "x-goog-hash": hashes,
        **{f"x-goog-meta-{key}": value for key, value in fields.get("metadata", {}).items()},
    }


def _bounds(wanted: str, size: int) -> tuple[int, int]:
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted.strip())
    if not found or found.groups() == ("", ""):
        raise Refused(400, f"Not a range that is understood: {wanted}")
    first, last = found.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if start >= size or end < start:
        raise Refused(416, "The requested range cannot be satisfied.")
    return start, end
