"""Asking the stand-in by hand, by every way in which it writes objects.

In: text and the conditions of the JSON API, such as `ifGenerationMatch=0`. Out: the status.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx
from tests.gcs.stand_in import StandIn

NAME: Final = "a/b c+ü.txt"


@dataclass(frozen=True)
class Store:
    """A bucket of the stand-in, asked by hand."""

    stand_in: StandIn
    bucket: str
    http: httpx.Client

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask; the path may name the bucket and the object."""
        path = path.format(b=self.bucket, o=quote(NAME, safe=""))
        return self.http.request(method, self.stand_in.url + path, **more)

    def generation(self) -> int:
        """The object's generation, 0 if there is none."""
        answer = self.ask("GET", "/storage/v1/b/{b}/o/{o}")
        return int(answer.json()["generation"]) if answer.is_success else 0

    def data(self) -> bytes:
        """The object's bytes."""
        return self.ask("GET", "/{b}/{o}").content


def put_source(store: Store, text: bytes) -> str:
    """Put an object that can be copied; writers that race have each their own."""
    store.ask("PUT", f"/{{b}}/{text.hex()}", content=text)
    return text.hex()


def related(text: bytes) -> dict[str, Any]:
    """A multipart upload's body and headers."""
    fields = json.dumps({"name": NAME}).encode()
    parts = b"--x\r\nContent-Type: application/json\r\n\r\n" + fields
    parts += b"\r\n--x\r\nContent-Type: text/plain\r\n\r\n" + text + b"\r\n--x--"
    return {"content": parts, "headers": {"Content-Type": "multipart/related; boundary=x"}}


def in_one_piece(store: Store, text: bytes, asked: str) -> int:
    """Write by the JSON API's simple upload."""
    path = "/upload/storage/v1/b/{b}/o?uploadType=media&name={o}&" + asked
    return store.ask("POST", path, content=text).status_code


def with_metadata(store: Store, text: bytes, asked: str) -> int:
    """Write by the JSON API's multipart upload."""
    path = "/upload/storage/v1/b/{b}/o?uploadType=multipart&" + asked
    return store.ask("POST", path, **related(text)).status_code


def resumable(store: Store, text: bytes, asked: str) -> int:
    """Write by the JSON API's resumable upload, in two chunks."""
    path = "/upload/storage/v1/b/{b}/o?uploadType=resumable&name={o}&" + asked
    began = store.ask("POST", path)
    if not began.is_success:
        return began.status_code
    place, half = began.headers["Location"], len(text) // 2
    for first, last, total in ((0, half, "*"), (half, len(text), str(len(text)))):
        answer = store.http.put(
            place,
            content=text[first:last],
            headers={"Content-Range": f"bytes {first}-{last - 1}/{total}"},
        )
    return answer.status_code


def composed(store: Store, text: bytes, asked: str) -> int:
    """Write by joining two objects."""
    half = len(text) // 2
    names = [f"{text.hex()}-{part}" for part in ("one", "two")]
    for name, part in zip(names, (text[:half], text[half:]), strict=True):
        store.ask("PUT", f"/{{b}}/{name}", content=part)
    sources = {"sourceObjects": [{"name": name} for name in names]}
    return store.ask("POST", "/storage/v1/b/{b}/o/{o}/compose?" + asked, json=sources).status_code


def copied(verb: str) -> Callable[[Store, bytes, str], int]:
    """Write by copying an object."""

    def write(store: Store, text: bytes, asked: str) -> int:
        source = put_source(store, text)
        path = (
            f"/storage/v1/b/{{b}}/o/{source}/{verb}/{'b/{b}/' if verb != 'moveTo' else ''}o/{{o}}?"
        )
        return store.ask("POST", path + asked).status_code

    return write


def batched(store: Store, text: bytes, asked: str) -> int:
    """Write by a copy inside a batch."""
    source, name = put_source(store, text), quote(NAME, safe="")
    call = f"/storage/v1/b/{store.bucket}/o/{source}/copyTo/b/{store.bucket}/o/{name}?{asked}"
    body = (
        "--x\r\nContent-Type: application/http\r\nContent-ID: <1>\r\n\r\n"
        f"POST {call} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{{}}\r\n--x--"
    )
    answer = store.ask(
        "POST",
        "/batch/storage/v1",
        content=body.encode(),
        headers={"Content-Type": "multipart/mixed; boundary=x"},
    )
    return int(answer.text.split("HTTP/1.1 ")[1][:3])


def marks(asked: str) -> dict[str, str]:
    """The XML API's spelling of the conditions on generations."""
    words = {"ifGenerationMatch": "generation", "ifMetagenerationMatch": "metageneration"}
    pairs = (pair.split("=") for pair in asked.split("&") if pair)
    return {f"x-goog-if-{words[name]}-match": value for name, value in pairs}


def xml_put(store: Store, text: bytes, asked: str) -> int:
    """Write by the XML API."""
    return store.ask("PUT", "/{b}/{o}", content=text, headers=marks(asked)).status_code


def xml_copied(store: Store, text: bytes, asked: str) -> int:
    """Write by the XML API's copy."""
    source = f"{store.bucket}/{put_source(store, text)}"
    headers = {**marks(asked), "x-goog-copy-source": source}
    return store.ask("PUT", "/{b}/{o}", headers=headers).status_code


def xml_parts(store: Store, text: bytes, asked: str) -> int:
    """Write by the XML API's multipart upload; the condition stands at its end."""
    began = store.ask("POST", "/{b}/{o}?uploads").text
    key = began.split("<UploadId>")[1].split("<")[0]
    half, chosen = len(text) // 2, ""
    for number, part in ((1, text[:half]), (2, text[half:])):
        path = f"/{{b}}/{{o}}?partNumber={number}&uploadId={key}"
        etag = store.ask("PUT", path, content=part).headers["ETag"]
        chosen += f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
    body = f"<CompleteMultipartUpload>{chosen}</CompleteMultipartUpload>"
    path = f"/{{b}}/{{o}}?uploadId={key}"
    return store.ask("POST", path, content=body, headers=marks(asked)).status_code


JSON_WAYS = [
    in_one_piece,
    with_metadata,
    resumable,
    composed,
    copied("copyTo"),
    copied("rewriteTo"),
    copied("moveTo"),
    batched,
]
WAYS = [*JSON_WAYS, xml_put, xml_copied, xml_parts]
