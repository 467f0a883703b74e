"""A file of events, line by line: rows of `events`, or rejected rows with line and reason.

In: the bytes of a file that `nextloop events ship` brought. Out: every line that is not blank, in
exactly one of the two. Only fields that an event has are read: whatever else stands in a line,
such as who the guest is, ends here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import pyarrow as pa

from nextloop.events.fields import OPTIONAL, REQUIRED, Check
from nextloop.orders import rejects
from nextloop.orders.rows import Source
from nextloop.tables import EVENTS, REJECTED_ROWS

_LONGEST: Final = 64 * 1024  # a hundred times what the API writes
_MOST_CHARACTERS: Final = 2000
_MOST_VALUE_CHARACTERS: Final = 200


@dataclass(frozen=True)
class Judged:
    """A file's lines.

    Attributes:
        source: The file.
        good: As rows of `events`, in the order of their lines.
        rejected: As rows of `rejected_rows`.
        reasons: Rejected lines by reason.
    """

    source: Source
    good: pa.Table
    rejected: pa.Table
    reasons: dict[str, int]

    @property
    def lines(self) -> int:
        """Lines that were not blank."""
        return int(self.good.num_rows + self.rejected.num_rows)


@dataclass
class _Columns:
    """Values of the good lines, a list a column."""

    values: dict[str, list[Any]] = field(
        default_factory=lambda: {name: [] for name in (*REQUIRED, *OPTIONAL)}
    )
    numbers: list[int] = field(default_factory=list)

    def add(self, number: int, event: dict[str, Any]) -> None:
        for name, values in self.values.items():
            values.append(event.get(name))
        self.numbers.append(number)

    def table(self, source: Source) -> pa.Table:
        rows = len(self.numbers)
        known = {
            **self.values,
            "received_date": [at.date() for at in self.values["received_at"]],
            "file_name": pa.repeat(source.file_name, rows),
            "file_sha256": pa.repeat(source.file_sha256, rows),
            "line_number": self.numbers,
        }
        columns = [pa.array(known[each.name], each.type) for each in EVENTS.schema]
        return pa.Table.from_arrays(columns, schema=EVENTS.schema)


def judge(content: bytes, source: Source) -> Judged:
    """Read a file.

    Args:
        content: Its bytes, one event a line.
        source: Its name in the landing, revision and digest.

    Returns:
        Its lines; `line_number` counts from 1.
    """
    good, bad = _Columns(), []
    lines = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        found = _judged(line)
        if isinstance(found, dict):
            good.add(number, found)
        else:
            if found.reason == "event_not_json" and number == len(lines):  # no newline ends it
                found = _Fault("event_torn")
            bad.append(found.row(number, line))
    reasons = Counter(each["reason"] for each in bad)
    table = rejects.table(bad, source) if bad else REJECTED_ROWS.schema.empty_table()
    return Judged(source, good.table(source), table, dict(reasons))


@dataclass(frozen=True)
class _Fault:
    """What is wrong with a line.

    Attributes:
        reason: Its code.
        column: The field at fault.
        event: The line's fields, where they could be told apart.
    """

    reason: str
    column: str | None = None
    event: dict[str, Any] | None = None

    def row(self, number: int, line: bytes) -> dict[str, Any]:
        """Describe it for `rejected_rows`: a value that is none of ours is shown by its shape."""
        if self.event is None:
            return rejects.reject_shape(number, self.reason, line)
        shown = {name: _shown(name, self.event[name]) for name in _CHECKS if name in self.event}
        hotel = shown.get("hotel_seq")
        value = shown.get(self.column or "")
        return {
            "line_number": number,
            "hotel_seq": hotel if isinstance(hotel, int) else None,
            "reason": self.reason,
            "column": self.column,
            "value": None if value is None else str(value)[:_MOST_VALUE_CHARACTERS],
            "raw": orjson.dumps(shown).decode()[:_MOST_CHARACTERS],
        }


_CHECKS: Final[dict[str, Check]] = {**REQUIRED, **OPTIONAL}


def _judged(line: bytes) -> dict[str, Any] | _Fault:
    """Return a line's event, its values as the table holds them, or what is wrong with it."""
    try:
        event = orjson.loads(line) if len(line) <= _LONGEST else None
    except orjson.JSONDecodeError:
        event = None
    if not isinstance(event, dict):
        return _Fault("event_not_json")
    found = {}
    for name, check in _CHECKS.items():
        value = event.get(name)
        if value is None:
            if name in REQUIRED:
                return _Fault("event_field_missing", name, event)
            continue
        try:
            found[name] = check(value)
        except ValueError:
            return _Fault("event_field_wrong", name, event)
    return found


def _shown(name: str, value: Any) -> Any:
    """Return a value that the field may hold; of any other, which may tell of a guest, its shape.

    A number says nothing of its kind, so it is shown by its shape too.
    """
    try:
        _CHECKS[name](value)
    except ValueError:
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        return rejects.shape(text[:_MOST_CHARACTERS])
    return value
