"""A folder that only this user can read and that does not outlive this process.

In: nothing. Out: a folder of mode 0700, in memory where the machine has a memory file system. It
goes when the block ends; when the process dies before, by whatever signal, its guardian removes
it; should both be killed at once, the next process that wants such a folder does.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from nextloop.errors import SystemFault
from nextloop.storage import guardian

_PREFIX: Final = "nextloop-key-"
_FIRST_FREE: Final = 3  # below are the standard streams, which some programs close and open again
_STOP_SECONDS: Final = 10.0

_held: Final[set[int]] = set()
"""Descriptors that tell that this process lives; a forked child must not hold them for it."""


def _let_go() -> None:
    for descriptor in _held:
        with suppress(OSError):
            os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a folder that is gone when the block ends or the process does.

    Raises:
        SystemFault: There is nowhere to make it, or nobody to guard it.
    """
    _sweep()
    owner, (folder, lock) = os.getpid(), _locked_folder()
    try:
        with _guarded(folder):
            yield folder
    finally:
        if os.getpid() == owner:  # a child that was forked inside the block leaves it by this too
            guardian.empty_out(str(folder))
            _close(lock)


def _sweep() -> None:
    """Remove the folders of processes that were killed together with their guardians."""
    for base in _bases():
        for folder in base.glob(f"{_PREFIX}*"):
            with suppress(OSError):
                if folder.lstat().st_uid == os.getuid():
                    lock = _lock(folder)
                    guardian.empty_out(str(folder))
                    _close(lock)


def _bases() -> list[Path]:
    """Folders to make it in, those in memory first."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    named = [runtime, "/dev/shm", tempfile.gettempdir()]  # noqa: S108 - it is made private
    return [Path(base) for base in dict.fromkeys(named) if base and os.access(base, os.W_OK)]


def _locked_folder() -> tuple[Path, int]:
    for base in _bases():
        with suppress(OSError):
            return _made_in(base)
    raise SystemFault(
        "There is no folder in which the service account's key could be kept.",
        "Make the temporary folder writable (TMPDIR names it).",
    )


def _made_in(base: Path) -> tuple[Path, int]:
    """Make a folder and lock it, again if another process's sweep came between."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        with suppress(FileNotFoundError, BlockingIOError):
            return folder, _lock(folder)


def _lock(folder: Path) -> int:
    """Hold a folder as long as this process lives: the kernel knows it in every container.

    Raises:
        BlockingIOError: Another process holds it.
        FileNotFoundError: It was removed before it could be locked.
    """
    lock = _high(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(lock).st_nlink == 0:
            raise FileNotFoundError(folder)
    except OSError:
        _close(lock)
        raise
    return lock


@contextmanager
def _guarded(folder: Path) -> Iterator[None]:
    """Have a process watch that outlives this one and then removes the folder."""
    reading, writing = os.pipe()
    writing, owner = _high(writing), os.getpid()
    process = subprocess.Popen(  # noqa: S603 - this interpreter, a file of ours, a folder of ours
        [sys.executable, "-I", "-S", guardian.__file__, str(folder)],
        stdin=reading,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        # Nothing of this one's environment, which may hold the key itself.
        env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
        start_new_session=True,
    )
    os.close(reading)
    try:
        assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
        with process.stdout as answer:
            if not answer.read():  # to its end, so that nothing of ours stays open there
                raise SystemFault("No process could be started to guard the service account's key.")
        yield
    finally:
        if os.getpid() == owner:
            _close(writing)
            _ended(process)


def _ended(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that is about to end, so that it does not stay as a zombie."""
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _high(descriptor: int) -> int:
    """Hold a descriptor, out of the standard streams' place, which may be free."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE)
    os.close(descriptor)
    _held.add(moved)
    return moved


def _close(descriptor: int) -> None:
    _held.discard(descriptor)
    os.close(descriptor)
