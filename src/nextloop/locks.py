"""Files that one process holds at a time; the system lets go of one whose holder has died.

In comes a path, out goes its open file for as long as the block runs. The file stays when the
block ends: one that is removed and made anew would be another lock to whoever waits for the first.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

_PRIVATE: Final = 0o600


@contextmanager
def held(
    path: Path, busy: Callable[[str], Exception] | None = None, *, mode: int = _PRIVATE
) -> Iterator[TextIO]:
    """Hold a file, which is made if it is not there.

    Args:
        path: In a folder that is there.
        busy: Makes the fault to raise when another holds it, of what stands in the file; None
            waits for the other.
        mode: Of a new file, less the umask. Whoever may read it can keep all others out.

    Yields:
        The file, at its start: what is written is appended, wherever it is read.

    Raises:
        Exception: What `busy` made.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, mode)
    with os.fdopen(handle, "a+", encoding="utf-8", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
        except BlockingIOError:
            if busy is None:
                raise
            file.seek(0)
            raise busy(file.read()) from None
        file.seek(0)
        yield file
