"""Orders and lines to feature tables as of a date, and the reader of those tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nextloop.features.reader import read

__all__ = ["read"]


def __getattr__(name: str) -> Any:
    # Reading needs no engine and building no pandas: each brings only what it needs.
    if name == "read":
        from nextloop.features.reader import read

        return read
    raise AttributeError(name)
