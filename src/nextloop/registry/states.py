"""Registry: what the ledger's changes add up to. Pure.

Comes in: changes, oldest first. Goes out: each version's state and what was in production before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from nextloop.registry.ledger import Action, Entry

State = Literal["staging", "production", "archived"]
_AFTER: Final[dict[Action, State | None]] = {
    "stage": "staging",
    "unstage": None,
    "promote": "production",
    "rollback": "production",
    "archive": "archived",
}


def states(entries: Sequence[Entry]) -> dict[int, State]:
    """Tell the state of each version that has one.

    Args:
        entries: All changes, oldest first.

    Returns:
        By version; what is only registered is not in it.
    """
    known = {entry.version: _AFTER[entry.action] for entry in entries}
    return {version: state for version, state in known.items() if state is not None}


def latest(entries: Sequence[Entry]) -> dict[int, Entry]:
    """Return the newest change of each version, which describes it."""
    return {entry.version: entry for entry in entries}


def production(entries: Sequence[Entry]) -> Entry | None:
    """Return the change that made the present production, None if there is none."""
    held = [version for version, state in states(entries).items() if state == "production"]
    return latest(entries)[held[0]] if held else None


def predecessors(entries: Sequence[Entry]) -> list[int]:
    """List what was in production before, the last one first: the way that rollbacks go.

    A promotion goes on top. A rollback takes away what stands above the version that it goes to,
    so a second rollback goes further back and not forth again.

    Args:
        entries: All changes, oldest first.

    Returns:
        Versions without the present production, each once.
    """
    stack: list[int] = []
    for entry in entries:
        if entry.action == "promote":
            stack = [version for version in stack if version != entry.version]
        elif entry.action == "rollback" and entry.version in stack:
            del stack[stack.index(entry.version) :]
        if entry.action in {"promote", "rollback"}:
            stack.append(entry.version)
    return stack[-2::-1] if len(stack) > 1 else []
