"""Faults that a person can act on, below every station.

Each carries what went wrong and where (the message) and what to do (the hint). The command line
turns them into one line and an exit code; the API turns them into problem+json.
"""

from __future__ import annotations


class NextLoopError(Exception):
    """A fault with advice.

    Args:
        message: What is wrong and where (file, line, setting, value), in one sentence.
        hint: What the reader can do about it, in one sentence.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageFault(NextLoopError):
    """The command or a setting is wrong: exit code 2, like the shell's own usage errors."""

    exit_code = 2


class DataFault(NextLoopError):
    """The data that was handed in is wrong or missing: exit code 3."""

    exit_code = 3


class ReleaseFault(NextLoopError):
    """A release is bad: it was refused or switched back, and the one before answers: code 5."""

    exit_code = 5


class SystemFault(NextLoopError):
    """A disk, port, engine or server refused: exit code 4."""

    exit_code = 4
