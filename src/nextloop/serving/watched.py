"""A small file that people change while the API runs: read at the start, and again when it changes.

In comes a path and how to read it, out goes the value that counts now. A change that cannot be
read keeps what was there before and is logged: no typing error stops the API. No request reads a
file; a thread looks for changes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from nextloop.errors import NextLoopError
from nextloop.telemetry import logs

LOOK_SECONDS = 1.0
Value = TypeVar("Value")
_Stamp = tuple[int, int, int, int] | None

_log = logs.get("serving")


class Refreshing(Protocol):
    """What can look for a change of its source."""

    def refresh(self) -> None:
        """Read again if it changed."""


class Watched(Generic[Value]):
    """The value in a file.

    Args:
        path: The file; it may be missing.
        read: Turns its bytes, or None if there is none, into a value.

    Raises:
        NextLoopError: The file is there and wrong.
    """

    def __init__(self, path: Path | None, read: Callable[[bytes | None], Value]) -> None:
        self._path = path
        self._read = read
        self._stamp = self._stamped()
        self._value = read(self._bytes())

    @property
    def value(self) -> Value:
        """What counts now."""
        return self._value

    def refresh(self) -> None:
        """Read the file again if it is not the one that was read last."""
        stamp = self._stamped()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._value = self._read(self._bytes())
        except (NextLoopError, OSError) as fault:
            _log.error("changed file not taken", file=str(self._path), error=str(fault))
        except Exception as fault:  # noqa: BLE001 - whatever it holds, the next change is read
            _log.error("changed file not taken", file=str(self._path), error=type(fault).__name__)
        else:
            _log.info("changed file taken", file=str(self._path))

    def _bytes(self) -> bytes | None:
        try:
            return self._path.read_bytes() if self._path else None
        except FileNotFoundError:
            return None

    def _stamped(self) -> _Stamp:
        try:
            found = self._path.stat() if self._path else None
        except OSError:
            return None
        # The last one changes with the mode too: a file that may be read at last is read again.
        stamp = found and (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        return stamp or None


@contextmanager
def watching(files: Sequence[Refreshing]) -> Iterator[None]:
    """Look for changes once a second, in a thread of its own.

    Args:
        files: What to look at.
    """
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(LOOK_SECONDS):
            for one in files:
                one.refresh()

    thread = threading.Thread(target=look, name="watch-files", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
