"""The stand-in's objects: buckets of immutable versions, changed one at a time.

In: bytes and conditions. Out: the version that a write made. A lock makes each condition and
its write one step, as Google Cloud Storage promises: of racing writers one wins.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import google_crc32c
from tests.gcs.conditions import ANY, Conditions
from tests.gcs.messages import Refused

FIELDS: Final = (
    "contentType",
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "customTime",
    "metadata",
    "storageClass",
)
"""What a client may set on an object besides its bytes."""


@dataclass(frozen=True)
class Version:
    """One version of one object."""

    bucket: str
    name: str
    data: bytes
    generation: int
    metageneration: int
    created: dt.datetime
    updated: dt.datetime
    md5: bytes
    crc32c: bytes
    fields: Mapping[str, Any]
    components: int = 0

    @property
    def etag(self) -> str:
        """Of the XML API: the content's MD5, as Google's is for objects that were not composed."""
        text = self.md5.hex() if not self.components else f"{self.generation:x}"
        return f'"{text}"'

    @property
    def json_etag(self) -> str:
        """Of the JSON API: changes with the metadata too."""
        return base64.b64encode(f"{self.generation}/{self.metageneration}".encode()).decode()


def text_hash(digest: bytes) -> str:
    """A digest as both APIs write it."""
    return base64.b64encode(digest).decode()


class Objects:
    """All buckets of the stand-in."""

    def __init__(self) -> None:
        self._buckets: dict[str, dict[str, Version]] = {}
        self._made: dict[str, dt.datetime] = {}
        self._lock = threading.RLock()
        self._last = 0

    @contextmanager
    def step(self) -> Iterator[None]:
        """Make several looks and writes one step."""
        with self._lock:
            yield

    def buckets(self) -> dict[str, dt.datetime]:
        """Names of the buckets and when each was made."""
        with self._lock:
            return dict(self._made)

    def make_bucket(self, name: str) -> None:
        """Make a bucket; 409 if there is one."""
        with self._lock:
            if name in self._buckets:
                raise Refused(409, f"The bucket {name} is there already")
            self._buckets[name], self._made[name] = {}, _now()

    def drop_bucket(self, name: str) -> None:
        """Delete an empty bucket."""
        with self._lock:
            if self._of(name):
                raise Refused(409, "The bucket you tried to delete is not empty")
            del self._buckets[name], self._made[name]

    def versions(self, bucket: str) -> list[Version]:
        """All objects of a bucket in the order of their names' bytes."""
        with self._lock:
            found = list(self._of(bucket).values())
        return sorted(found, key=lambda version: version.name.encode())

    def find(self, bucket: str, name: str, generation: str | None = None) -> Version:
        """An object; 404 if there is none, or not of that generation."""
        with self._lock:
            found = self._of(bucket).get(name)
        if found is None or (generation and str(found.generation) != generation):
            raise Refused(404, f"No such object: {bucket}/{name}")
        return found

    def read(
        self, bucket: str, name: str, generation: str | None = None, conditions: Conditions = ANY
    ) -> Version:
        """An object, if a reader's conditions hold."""
        found = self.find(bucket, name, generation)
        conditions.check_read(found)
        return found

    def check(self, bucket: str, name: str, conditions: Conditions) -> None:
        """Refuse at once what could not be written now."""
        with self._lock:
            conditions.check_write(self._of(bucket).get(name))

    def write(
        self,
        bucket: str,
        name: str,
        data: bytes,
        fields: Mapping[str, Any],
        conditions: Conditions = ANY,
        components: int = 0,
    ) -> Version:
        """Make a new version of an object, if a writer's conditions hold."""
        md5 = hashlib.md5(data, usedforsecurity=False).digest()
        crc = int(google_crc32c.value(data)).to_bytes(4, "big")
        kept = {key: value for key, value in fields.items() if key in FIELDS}
        with self._lock:
            conditions.check_write(self._of(bucket).get(name))
            now = _now()
            made = Version(
                bucket, name, data, self._next(), 1, now, now, md5, crc, kept, components
            )
            self._buckets[bucket][name] = made
        return made

    def patch(
        self, bucket: str, name: str, change: Callable[[Version], Any], conditions: Conditions
    ) -> Version:
        """Replace an object's fields; the bytes and the generation stay."""
        with self._lock:
            found = self.find(bucket, name)
            conditions.check_write(found)
            made = replace(
                found,
                fields=change(found),
                metageneration=found.metageneration + 1,
                updated=_now(),
            )
            self._buckets[bucket][name] = made
        return made

    def delete(
        self, bucket: str, name: str, generation: str | None, conditions: Conditions
    ) -> None:
        """Delete an object, if a writer's conditions hold."""
        with self._lock:
            conditions.check_write(self.find(bucket, name, generation))
            del self._buckets[bucket][name]

    def _of(self, bucket: str) -> dict[str, Version]:
        if bucket not in self._buckets:
            raise Refused(404, f"The specified bucket does not exist: {bucket}")
        return self._buckets[bucket]

    def _next(self) -> int:
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return self._last


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
