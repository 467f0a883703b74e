"""Registry: the list of a model's files with their sums; its own sum is the model's digest.

Comes in: file contents or a stored manifest's bytes. Goes out: entries that were checked. Pure.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from nextloop.errors import DataFault

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
SUFFIXES: Final = (".json", ".npz", ".parquet", ".txt")
"""Formats that are data when opened with care. A pickle is code: it has no way in."""
MAX_FILES: Final = 256
MAX_BYTES: Final = 1 << 30  # models of a few hundred hotels are tens of megabytes
MAX_MANIFEST_BYTES: Final = 1 << 20
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: plain name, size in bytes, SHA-256 in hex."""

    name: str
    bytes: int
    sha256: str


def checksum(content: bytes) -> str:
    """Return the SHA-256 of bytes as 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def describe(files: Mapping[str, bytes]) -> list[Entry]:
    """List files for a manifest.

    Args:
        files: Content by name.

    Returns:
        One entry a file, by name.

    Raises:
        DataFault: A name, a suffix, the number or the total size is not a model's.
    """
    entries = [Entry(name, len(files[name]), checksum(files[name])) for name in sorted(files)]
    check(entries)
    return entries


def encode(entries: Sequence[Entry]) -> bytes:
    """Write entries in the one way that gives equal files an equal digest."""
    listed = [{"bytes": e.bytes, "name": e.name, "sha256": e.sha256} for e in entries]
    document = {"files": listed, "format": FORMAT}
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def decode(content: bytes) -> list[Entry]:
    """Read a manifest.

    Args:
        content: The stored bytes.

    Returns:
        One entry a file, by name.

    Raises:
        DataFault: It is not exactly what `encode` writes for entries that `check` lets pass.
    """
    try:
        document: Any = json.loads(content)
        entries = [Entry(f["name"], f["bytes"], f["sha256"]) for f in document["files"]]
        rewritten = encode(entries)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DataFault(f"its {MANIFEST} cannot be read") from None
    if rewritten != content:
        raise DataFault(f"its {MANIFEST} is not as this release writes it")
    check(entries)
    return entries


def check(entries: Sequence[Entry]) -> None:
    """Refuse what is no model: see `SUFFIXES`, `MAX_FILES` and `MAX_BYTES`.

    Args:
        entries: All files of a model.

    Raises:
        DataFault: Names the first file at fault, or the size.
    """
    names = [entry.name for entry in entries]
    for entry in entries:
        if type(entry.name) is not str or not _is_model_file(entry.name):
            raise DataFault(f"{entry.name!r} is no model file ({', '.join(SUFFIXES)} are)")
        if type(entry.bytes) is not int or entry.bytes < 0:
            raise DataFault(f"the size of {entry.name!r} is {entry.bytes!r}")
    if names != sorted(set(names)):
        raise DataFault(f"its {MANIFEST} is not in order of names")
    size = sum(entry.bytes for entry in entries)
    if not 1 <= len(entries) <= MAX_FILES or size > MAX_BYTES:
        raise DataFault(f"{len(entries)} files of {size:,} bytes are no model")


def _is_model_file(name: str) -> bool:
    return (
        _NAME.fullmatch(name) is not None
        and PurePosixPath(name).suffix in SUFFIXES
        and name != MANIFEST
    )
