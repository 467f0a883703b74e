"""Storage: files of events on their way to the landing, on the machine's own disk.

In come lines, out go files. An open file is locked by its writer; one without a lock belongs to a
process that has died, and is as good as closed: its last line may be torn, and was then never
acknowledged.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

OPEN_SUFFIX: Final = ".open"
CLOSED_SUFFIX: Final = ".jsonl"


@dataclass(frozen=True)
class SpoolFile:
    """A file that takes lines.

    Attributes:
        path: Where it is while it is open.
        descriptor: Its open file, locked.
        opened_at: By the monotonic clock, in seconds.
    """

    path: Path
    descriptor: int
    opened_at: float

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Open a new file; its name is on disk when this returns.

        Args:
            folder: Made, for its owner alone, if it is not there.

        Returns:
            The file.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        path = folder / f"events-{stamp}-{secrets.token_hex(6)}{OPEN_SUFFIX}"
        # Locked before it has the name that a shipper looks for.
        draft = path.with_suffix(".draft")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        descriptor = os.open(draft, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            draft.rename(path)
            _sync_folder(folder)
        except OSError:
            os.close(descriptor)
            raise
        return cls(path, descriptor, time.monotonic())

    def append(self, lines: bytes) -> None:
        """Add lines; they are on disk when this returns.

        Args:
            lines: Whole lines, each with its newline.
        """
        rest = memoryview(lines)
        while rest:
            rest = rest[os.write(self.descriptor, rest) :]
        os.fdatasync(self.descriptor)

    @property
    def size(self) -> int:
        """Bytes in it."""
        return os.fstat(self.descriptor).st_size

    @property
    def age(self) -> float:
        """Seconds since it was opened."""
        return time.monotonic() - self.opened_at

    def close(self) -> None:
        """Take no more lines; the file may be shipped."""
        self.path.rename(self.path.with_suffix(CLOSED_SUFFIX))
        os.close(self.descriptor)

    def abandon(self) -> None:
        """Leave it as it is, as a process that dies does; one without a line goes."""
        if not self.size:
            self.path.unlink(missing_ok=True)
        os.close(self.descriptor)


def closed(folder: Path) -> Iterator[Path]:
    """Find the files that no process writes to any more.

    Args:
        folder: The spool.

    Yields:
        Closed files, oldest first; an open one whose writer has died is closed first.
    """
    for path in sorted(folder.glob(f"*{OPEN_SUFFIX}")):
        _adopt(path)
    yield from sorted(folder.glob(f"*{CLOSED_SUFFIX}"))


def still_open(folder: Path) -> int:
    """Count the files that processes write to; after `closed`, which closes those of dead ones."""
    return sum(1 for _ in folder.glob(f"*{OPEN_SUFFIX}"))


def _adopt(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # its writer has closed it meanwhile
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.rename(path.with_suffix(CLOSED_SUFFIX))
    except (BlockingIOError, FileNotFoundError):
        pass
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
