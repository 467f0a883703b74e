"""Callers' events: lines of the API's spool to rows, and what became of each list of offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nextloop.events.reader import read_lists

__all__ = ["read_lists"]


def __getattr__(name: str) -> Any:
    # Reading lines needs no pandas: each brings only what it needs.
    if name == "read_lists":
        from nextloop.events.reader import read_lists

        return read_lists
    raise AttributeError(name)
