"""A process that removes a folder when the process that started it is gone, however it ended.

In: the folder as its only argument, and a pipe as its standard input that nobody writes to: the
kernel closes it when the starter dies, `kill -9` included. Out: one line when it watches. Run by
its path in an interpreter of its own: it imports nothing but a little of the standard library.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path


def watch(folder: str) -> None:
    """Wait for the end of the standard input, then remove the folder and the files in it."""
    # Who stops a job often signals all that it started, and this must outlive it.
    for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(ignored, signal.SIG_IGN)
    os.write(1, b"watching\n")
    os.close(1)
    while os.read(0, 1024):
        pass
    empty_out(folder)


def empty_out(folder: str) -> None:
    """Remove a folder and the files in it, as far as they are still there."""
    with suppress(OSError):
        for file in Path(folder).iterdir():
            with suppress(OSError):
                file.unlink()
        Path(folder).rmdir()


if __name__ == "__main__":
    watch(sys.argv[1])
