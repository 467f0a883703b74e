"""Which files a check is to read: files, folders, buckets, or what comes through a pipe.

In: arguments as they were typed. Out: one `Given` a file, each opened as a file of this machine.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from nextloop.errors import UsageFault
from nextloop.storage.files import Found, listed, local_copy
from nextloop.storage.landing import SUFFIXES, list_landing
from nextloop.storage.places import is_bucket, place_at

PIPE: Final = "-"
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True)
class Given:
    """A file to check.

    Attributes:
        name: As it was typed, or found in what was typed.
        size: Bytes.
        opened: Gives it as a file of this machine.
    """

    name: str
    size: int
    opened: Callable[[], AbstractContextManager[Path]]


@contextmanager
def given(places: Sequence[str]) -> Iterator[list[Given]]:
    """Find the files that are meant.

    Args:
        places: Files, folders, `gs://` addresses of either, or `-` for standard input.

    Yields:
        The files in the order of the places, each once.

    Raises:
        UsageFault: There is no such file.
        DataFault: A folder holds no order file.
    """
    with tempfile.TemporaryDirectory(prefix="nextloop-check-") as scratch:
        found = [file for place in dict.fromkeys(places) for file in _at(place, Path(scratch))]
        yield list({file.name: file for file in found}.values())


def _at(place: str, scratch: Path) -> list[Given]:
    if place == PIPE:
        return [_piped(scratch)]
    where = place_at(place)
    if is_bucket(where):
        return _of_bucket(place, where)
    path = Path(where)
    if path.is_dir():
        return [_listed(place, file) for file in list_landing(where)]
    if not path.is_file():
        raise _missing(place)
    return [Given(place, path.stat().st_size, partial(_as_it_is, path))]


def _of_bucket(place: str, where: str) -> list[Given]:
    """Find a file of a bucket, or the files under a prefix."""
    if not where.lower().endswith(SUFFIXES):
        return [_listed(place, file) for file in list_landing(where)]
    for file in listed(where.rpartition("/")[0]):
        if file.path == where:
            return [Given(place, file.size, partial(local_copy, file.path, file.mark))]
    raise _missing(place)


def _listed(place: str, file: Found) -> Given:
    name = f"{place.rstrip('/')}/{file.name}"
    return Given(name, file.size, partial(local_copy, file.path, file.mark))


@contextmanager
def _as_it_is(path: Path) -> Iterator[Path]:
    yield path


def _missing(place: str) -> UsageFault:
    return UsageFault(
        f"There is no file {place}.", "Give order files, folders that hold some, or - for a pipe."
    )


def _piped(scratch: Path) -> Given:
    """Keep what comes through the pipe: a file is gone through twice."""
    path = scratch / "pipe"
    with path.open("wb") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
    with path.open("rb") as copy:
        packed = copy.read(len(_GZIP)) == _GZIP
    named = path.rename(path.with_suffix(".csv.gz" if packed else ".csv"))
    return Given(PIPE, named.stat().st_size, partial(_as_it_is, named))
