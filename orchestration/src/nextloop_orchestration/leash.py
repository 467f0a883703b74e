"""Start a program so that it ends when its task does, `kill -9` of the task included.

Comes in: the task's process id and the program with its arguments. Goes out: that program, in this
process. Run by its path: it imports a little of the standard library and nothing else.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
CANNOT_RUN: Final = 126  # as shells say it


def main(parent: int, program: list[str]) -> None:
    """Tie this process to its parent, then become the program."""
    # A task that is killed can clean up nothing: the kernel ends what it has started.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
    try:
        os.execv(program[0], program)  # noqa: S606 what the settings name, without a shell
    except OSError as error:
        sys.stderr.write(f"error: {program[0]} cannot be run: {error.strerror}\n")
        sys.exit(CANNOT_RUN)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
