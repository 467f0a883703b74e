"""An event's fields as the API spools them: which there are, and what each may hold.

The ranges are those of `POST /v1/events`, which takes them from here; a test holds that whatever
the API takes is read here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

MAX_SEQ: Final = 2**63 - 1
"""Largest number of a hotel, guest or item: what a signed 64-bit column holds."""
MAX_MONEY: Final = 10**12
"""Largest amount, as of an order: no sum can leave 64 bits."""
MAX_QUANTITY: Final = 10_000
MAX_RANK: Final = 100
"""Length of the longest list of offers."""
_FIRST_YEAR, _LAST_YEAR = 1970, 2200  # a time of 2199 west of Greenwich is of 2200 in UTC
_KINDS: Final = frozenset(("shown", "added", "ordered", "refused"))

Check = Callable[[Any], Any]
"""Gives a field's value as the table holds it; raises ValueError if it cannot be that."""


def _whole(low: int, high: int) -> Check:
    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError
        return value

    return check


def _name(most: int) -> Check:
    pattern = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{most - 1}}}")

    def check(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError
        return value

    return check


def _kind(value: Any) -> str:
    if not isinstance(value, str) or value not in _KINDS:
        raise ValueError
    return value


def _instant(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError
    found = datetime.fromisoformat(value)
    if found.tzinfo is None or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise ValueError
    return found.astimezone(UTC)


REQUIRED: Final[Mapping[str, Check]] = {
    "hotel_seq": _whole(0, MAX_SEQ),
    "event_id": _name(64),
    "request_id": _name(67),
    "item_seq": _whole(0, MAX_SEQ),
    "kind": _kind,
    "at": _instant,
    "received_at": _instant,
}
OPTIONAL: Final[Mapping[str, Check]] = {
    "rank": _whole(1, MAX_RANK),
    "quantity": _whole(1, MAX_QUANTITY),
    "revenue": _whole(0, MAX_MONEY),
    "model_version": _whole(1, MAX_SEQ),
    "slot": _name(64),
}
