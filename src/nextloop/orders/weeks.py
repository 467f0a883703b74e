"""The engine's tasks of writing weeks: one task a week, run where the engine runs.

In: rows that say of what a week is made. Out: its data files of `orders` and `order_lines`, and
their descriptions, which alone travel to the driver.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Final

import pyarrow as pa

from nextloop.orders.newest import newest_lines, newest_orders
from nextloop.orders.staged import IDENTITY, KEY, read_week
from nextloop.orders.staging import AT_ONCE
from nextloop.tables import ORDER_LINES, ORDERS, Table

WEEK_DDL: Final = "week string"
WRITTEN_DDL: Final = "written string"

_NONE: Final = pa.schema(
    [*(ORDERS.schema.field(name) for name in (*KEY, *IDENTITY)), pa.field("is_new", pa.bool_())]
).empty_table()


@dataclass(frozen=True)
class Week:
    """Of what a week is made.

    Attributes:
        week: Its Monday, an ISO date.
        staged: Paths of staged files, each with the week's batches in it.
        known: Paths of the week's data files, by table name.
        superseded: Path of the rows that do not count, if there are any.
    """

    week: str
    staged: Sequence[tuple[str, Sequence[int]]]
    known: Mapping[str, Sequence[str]]
    superseded: str | None

    def text(self) -> str:
        """Spell it as a task's text."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class WeekDoors:
    """How a task reaches files: `storage.files` and `storage.slices`.

    Attributes:
        open_input: Opens a file.
        read_slice: Reads a data file.
        write_slice: Writes one.
    """

    open_input: Callable[[str], AbstractContextManager[BinaryIO]]
    read_slice: Callable[[str], pa.Table]
    write_slice: Callable[[str, Table, str, pa.Table], Any]


def writing_task(
    folders: Mapping[str, str], run_id: str, doors: WeekDoors
) -> Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]:
    """Make the function that an engine maps over weeks (`WEEK_DDL` to `WRITTEN_DDL`).

    Args:
        folders: Of the tables, by name.
        run_id: The run.
        doors: To the files.
    """

    def write(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for text in batch.column(0).to_pylist():
                written = _write(Week(**json.loads(text)), folders, run_id, doors)
                yield pa.RecordBatch.from_pydict({"written": [json.dumps(written)]})

    return write


def _write(
    week: Week, folders: Mapping[str, str], run_id: str, doors: WeekDoors
) -> dict[str, dict[str, Any]]:
    with AT_ONCE:
        return {
            table.name: vars(doors.write_slice(folders[table.name], table, run_id, rows))
            for table, rows in _tables(week, doors)
            if rows.num_rows
        }


def _tables(week: Week, doors: WeekDoors) -> Iterator[tuple[Table, pa.Table]]:
    """Make the week's rows of one table after the other."""
    new = read_week(week.staged, doors.open_input)
    superseded = _NONE if week.superseded is None else doors.read_slice(week.superseded)
    for table, newest in ((ORDERS, newest_orders), (ORDER_LINES, newest_lines)):
        known = [doors.read_slice(path) for path in week.known.get(table.name, ())]
        rows = pa.concat_tables([table.schema.empty_table(), *known])
        yield table, newest(new, rows, superseded)
