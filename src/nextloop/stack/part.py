"""One part of a stack: how it is started, and how one sees that it is there.

Comes in: a command and what it needs. Goes out: a description that parts are started by.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

_PLAIN_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Part:
    """One part.

    Attributes:
        name: Short; also of its log.
        command: How it is started.
        ports: That it listens on, by the setting that says so.
        health: What answers when it is there; empty if it has no port.
        unwell: What that answer says when something of it is not; empty if it never does.
        page: For people; empty if it has none.
        needs: Programs and files, each with the command that makes it.
        variables: Environment beside the stack's.
        login: Says who signs in, and with what.
        prepare: Writes what it reads.
        seconds: How long it may take until it answers.
    """

    name: str
    command: tuple[str, ...]
    ports: Mapping[str, int] = field(default_factory=dict)
    health: str = ""
    page: str = ""
    unwell: str = ""
    needs: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    login: Callable[[], str] = str
    prepare: Callable[[], None] = lambda: None
    seconds: float = _PLAIN_SECONDS

    @property
    def missing(self) -> str:
        """Return the first thing that it needs and that is not there."""
        return next((thing for thing in self.needs if not shutil.which(thing)), "")
