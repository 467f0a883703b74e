"""Files of a place, be it a folder or a bucket: listed, read, written whole, removed.

In and out: texts as `places.place_at` spells them. What a bucket needs lies in `gcs`.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from nextloop.errors import DataFault
from nextloop.storage import gcs
from nextloop.storage.places import is_bucket


@dataclass(frozen=True)
class Found:
    """A file that was listed.

    Attributes:
        path: Its place.
        name: Relative to where it was looked for, with `/`; UTF-8.
        size: Bytes.
        mark: Differs for every content that ever lay at that path: a bucket's generation, or what
            the file system keeps of the last write.
        written: When it came to lie there, in seconds since 1970.
    """

    path: str
    name: str
    size: int
    mark: str
    written: float


class Changed(DataFault):
    """A file is not what was listed, or was written to while it was read."""

    def __init__(self) -> None:
        super().__init__(
            "it was written to while it was read",
            "Run it again when the file is complete; the next run takes it.",
        )


def listed(place: str, wanted: Callable[[str], bool] = lambda _: True) -> list[Found]:
    """List the files of a place and of the folders in it, by name.

    Args:
        place: A folder or a bucket's prefix.
        wanted: Which names to look at.

    Raises:
        SystemFault: The bucket does not answer.
        OSError: A file of the folder cannot be looked at.
    """
    if is_bucket(place):
        return [Found(*file) for file in gcs.listed(place) if wanted(file[1])]
    root = Path(place)
    paths = (Path(folder) / name for folder, _, names in os.walk(root) for name in names)
    named = sorted((_name(root, path), path) for path in paths)
    return [_found(name, path) for name, path in named if wanted(name)]


def _name(root: Path, path: Path) -> str:
    # A name in another encoding than UTF-8 is shown by its bytes, which every table can hold.
    return os.fsencode(path.relative_to(root)).decode("utf-8", "backslashreplace")


def _found(name: str, path: Path) -> Found:
    found = path.stat()
    return Found(str(path), name, found.st_size, _mark(path), found.st_ctime)


def _mark(path: Path) -> str:
    # The change time moves with every write and cannot be set back, unlike the modification time.
    found = path.stat()
    return f"{found.st_dev:x}-{found.st_ino:x}-{found.st_size:x}-{found.st_ctime_ns:x}"


def exists(path: str) -> bool:
    """Tell whether there is a file at a path."""
    return gcs.exists(path) if is_bucket(path) else Path(path).exists()


def read_bytes(path: str) -> bytes:
    """Read a small file whole.

    Raises:
        OSError: It is not there or cannot be read.
    """
    return gcs.read_bytes(path) if is_bucket(path) else Path(path).read_bytes()


@contextmanager
def open_input(path: str) -> Iterator[BinaryIO]:
    """Open a file for reading, forwards or by places."""
    if is_bucket(path):
        with gcs.open_input(path) as stream:
            yield stream
    else:
        with Path(path).open("rb") as stream:
            yield cast("BinaryIO", stream)


@contextmanager
def open_output(path: str) -> Iterator[BinaryIO]:
    """Open a file for writing; it shows when the block ends, whole, and not at all if it fails."""
    if is_bucket(path):
        with gcs.open_output(path) as stream:
            yield stream
        return
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # A task that is tried again must not append to what its first try left.
    scratch = Path(_aside(path))
    try:
        with scratch.open("wb") as stream:
            yield cast("BinaryIO", stream)
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)


@contextmanager
def local_copy(path: str, mark: str) -> Iterator[Path]:
    """Give a file as one of this machine, for readers that go through it more than once.

    Args:
        path: Its place.
        mark: As `listed` told it.

    Raises:
        Changed: It is not any more, or has not stayed, what was listed.
    """
    if is_bucket(path):
        with gcs.local_copy(path, mark) as copy:
            if copy is None:
                raise Changed
            yield copy
        return
    yield Path(path)
    if _mark(Path(path)) != mark:
        raise Changed


def create_new(path: str, data: bytes) -> bool:
    """Write a small file unless there is one; tell whether it was written.

    Of many that try at once exactly one is told so, and nobody ever sees half of it.
    """
    if is_bucket(path):
        return gcs.create_new(path, data)
    scratch = Path(_aside(path))
    scratch.write_bytes(data)
    try:
        os.link(scratch, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if Path(path).exists():
            return False
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
    return True


def remove_tree(place: str) -> None:
    """Remove a folder and what is in it, if it is there."""
    if is_bucket(place):
        gcs.remove_tree(place)
    else:
        shutil.rmtree(place, ignore_errors=True)


def _aside(path: str) -> str:
    # Machines that share a disk number their processes alike.
    return f"{path}.{secrets.token_hex(8)}.writing"
