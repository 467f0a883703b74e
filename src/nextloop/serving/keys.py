"""Callers' keys: made once, shown once, kept as hashes, each good for some hotels.

In comes a key as a caller sends it, out goes who it is, or nothing. A key is 256 random bits, so
one SHA-256 is enough: nobody can try them all, and no slow hash is needed on each request.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nextloop import locks
from nextloop.errors import SystemFault, UsageFault

PREFIX = "nlk"
_SECRET_BYTES = 32
_ID_BYTES = 4
_LONGEST_NAME = 64
_KEY = re.compile(r"nlk_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")


class Key(BaseModel):
    """What is kept of a key; the key itself is not.

    Attributes:
        id: Its first part, to name it by.
        name: Whose it is.
        sha256: Of the whole key.
        hotels: Which hotels it may ask about; None is all.
        created_at: When it was made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[0-9a-f]{8}$")
    name: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    hotels: frozenset[int] | None
    created_at: datetime

    def may_ask(self, hotel: int) -> bool:
        """Tell whether it is good for a hotel."""
        return self.hotels is None or hotel in self.hotels


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    keys: list[Key] = []


@dataclass(frozen=True)
class KeyRing:
    """The keys that are good now.

    Args:
        by_hash: Each by its hash.
    """

    by_hash: Mapping[str, Key]

    @classmethod
    def read(cls, content: bytes | None) -> KeyRing:
        """Read the file of keys.

        Args:
            content: The file's bytes; None if there is no file.

        Returns:
            The keys.

        Raises:
            UsageFault: It is not such a file.
        """
        try:
            found = _File.model_validate_json(content).keys if content is not None else []
        except ValidationError:
            raise UsageFault(
                "the file of API keys is not one that `nextloop keys` wrote",
                "Restore it, or move it away and make new keys with `nextloop keys add`.",
            ) from None
        return cls({key.sha256: key for key in found})

    def find(self, text: str) -> Key | None:
        """Find who sent a key.

        Args:
            text: As it was sent.

        Returns:
            The key's record, None if it is not one of ours.
        """
        # A dictionary of hashes: how long the search takes tells nothing of the key.
        return self.by_hash.get(_hashed(text)) if _KEY.fullmatch(text) else None


def check_private(path: Path) -> None:
    """Refuse a file that somebody else could put a key into.

    Args:
        path: The file of keys; it may be missing.

    Raises:
        UsageFault: Others may write it, or it is another user's.
    """
    try:
        found = path.stat()
    except OSError:
        return
    if found.st_uid not in (os.geteuid(), 0):
        raise UsageFault(
            f"the file of API keys {path} belongs to another user", f"Run: chown $(id -u) {path}"
        )
    if found.st_mode & 0o022:
        raise UsageFault(f"others may write the file of API keys {path}", f"Run: chmod 600 {path}")


def add(path: Path, name: str, hotels: frozenset[int] | None) -> tuple[str, Key]:
    """Make a key.

    Args:
        path: The file of keys.
        name: Whose it is.
        hotels: Which hotels it may ask about; None is all.

    Returns:
        The key, which is kept nowhere, and its record.

    Raises:
        UsageFault: The name is none that a list could show.
    """
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise UsageFault(
            f"a key's name has 1 to {_LONGEST_NAME} printable characters",
            "Name who will use it: nextloop keys add front-desk --hotel 1",
        )
    number = secrets.token_hex(_ID_BYTES)
    text = f"{PREFIX}_{number}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    key = Key(
        id=number, name=name, sha256=_hashed(text), hotels=hotels, created_at=datetime.now(UTC)
    )
    _change(path, lambda keys: [*keys, key])
    return text, key


def revoke(path: Path, number: str) -> Key:
    """Make a key good for nothing, within a second in processes that run.

    Args:
        path: The file of keys.
        number: The key's id.

    Returns:
        Its record.

    Raises:
        UsageFault: There is no such key.
    """
    gone = [key for key in listed(path) if key.id == number]
    if not gone:
        raise UsageFault(
            f"there is no API key with the id {number!r}", "`nextloop keys list` names them."
        )
    _change(path, lambda keys: [key for key in keys if key.id != number])
    return gone[0]


def listed(path: Path) -> list[Key]:
    """Give the records of all keys, oldest first.

    Args:
        path: The file of keys.

    Returns:
        One record a key.
    """
    check_private(path)
    content = path.read_bytes() if path.exists() else None
    return sorted(KeyRing.read(content).by_hash.values(), key=lambda key: key.created_at)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _change(path: Path, change: Callable[[list[Key]], list[Key]]) -> None:
    """Write the file anew, whole or not at all; of two who change it, one waits."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locks.held(path.with_name(f".{path.name}.lock")):
            kept = _File(keys=change(listed(path)))
            _write(path, json.dumps(kept.model_dump(mode="json"), indent=1).encode())
    except OSError as error:
        raise SystemFault(
            f"file of API keys {path}: {error.strerror or error}",
            "Point serving.keys_file to a place that you can write.",
        ) from error


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags: Any = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
