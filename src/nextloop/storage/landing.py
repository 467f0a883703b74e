"""The landing: the folder or bucket into which hotels' order files are put.

In: a place from the settings. Out: its order files, with the digest of their bytes where one must
know it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from nextloop.errors import DataFault, SystemFault, UsageFault
from nextloop.storage import files
from nextloop.storage.files import Found
from nextloop.storage.places import is_bucket, place_at

SUFFIXES: Final = (".csv", ".csv.gz")
EVENTS_FOLDER: Final = "events"
"""The folder of a landing into which `nextloop events ship` brings callers' events."""
_EVENTS_SUFFIX: Final = ".jsonl"
_HASHING_THREADS: Final = 4


@dataclass(frozen=True)
class LandingFile(Found):
    """One file of the landing whose content is known.

    Attributes:
        sha256: Of its bytes.
    """

    sha256: str


def list_landing(place: str | Path) -> list[Found]:
    """List the order files (.csv, .csv.gz) of a landing and its folders, by name.

    Raises:
        UsageFault: There is no such folder or bucket.
        DataFault: It holds no order file.
        SystemFault: A file cannot be looked at, or the bucket does not answer.
    """
    root = _root(place)
    found = _listed(root, is_order_file)
    if not found:
        raise DataFault(
            f"The landing {root} holds no order file ({' or '.join(SUFFIXES)}).",
            _what_to_put(root, place),
        )
    return found


def _what_to_put(root: str, place: str | Path) -> str:
    if list_events(place):
        return f"Its events alone are taken in by: nextloop events ingest --landing {place}"
    more = "." if is_bucket(root) else f", or make some: nextloop simulate --out {place}"
    return f"Put the hotels' weekly files there{more}"


def list_events(place: str | Path) -> list[Found]:
    """List the files of events of a landing, by name relative to it; most landings have none.

    Raises:
        UsageFault: There is no such folder or bucket.
        SystemFault: A file cannot be looked at, or the bucket does not answer.
    """
    found = _listed(f"{_root(place)}/{EVENTS_FOLDER}", _is_events_file)
    return [replace(file, name=f"{EVENTS_FOLDER}/{file.name}") for file in found]


def _root(place: str | Path) -> str:
    root = place_at(place)
    if not is_bucket(root) and not Path(root).is_dir():
        raise UsageFault(
            f"The landing {root} is not a folder.",
            "Give the folder of the order files with --landing.",
        )
    return root


def _listed(root: str, wanted: Callable[[str], bool]) -> list[Found]:
    try:
        return files.listed(root, wanted)
    except FileNotFoundError as error:
        raise _unreadable(root, error) from error


def hashed(found: Sequence[Found], known: Mapping[tuple[str, str], str]) -> list[LandingFile]:
    """Give every file its digest, reading only those that are not known by name and mark.

    Args:
        found: Files of the landing.
        known: Digests by (name, mark).

    Raises:
        SystemFault: A file cannot be read.
    """
    with ThreadPoolExecutor(_HASHING_THREADS) as pool:
        return list(pool.map(lambda file: _hashed(file, known), found))


def _hashed(file: Found, known: Mapping[tuple[str, str], str]) -> LandingFile:
    digest = known.get((file.name, file.mark)) or _digest(file)
    return LandingFile(**vars(file), sha256=digest)


def _digest(file: Found) -> str:
    try:
        with files.open_input(file.path) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    except OSError as error:
        raise _unreadable(file.path, error) from error


def is_order_file(name: str) -> bool:
    """Tell by its name whether a file of the landing holds orders."""
    base = name.rpartition("/")[2]
    return base.lower().endswith(SUFFIXES) and not base.startswith(".")


def _is_events_file(name: str) -> bool:
    base = name.rpartition("/")[2]
    return base.endswith(_EVENTS_SUFFIX) and not base.startswith(".")


def _unreadable(path: str, error: OSError) -> SystemFault:
    return SystemFault(
        f"The landing file {error.filename or path} cannot be read: {error.strerror}.",
        "Make it readable, or move it out of the landing.",
    )
