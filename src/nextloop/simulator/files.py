"""Writing a world: the weekly order files into a landing folder, the truth into one apart.

In come a world and two folders, out goes a report of what was written. Each file appears whole
under its name or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nextloop.simulator import landing as folders
from nextloop.simulator import truth_write
from nextloop.simulator.config import SimulatorConfig
from nextloop.simulator.damage import damage
from nextloop.simulator.rows import HEADER, RowWriter
from nextloop.simulator.streams import stream
from nextloop.simulator.truth import TRUTH_FILE
from nextloop.simulator.weekly import WeekFile, weeks
from nextloop.simulator.world import Step, World

VERSION: Final = 1
"""Of the simulator: raised when the same config gives other bytes."""
ROWS_AT_ONCE: Final = 20_000
"""Bounds memory: rows are put to text and written in such parts."""
FIRST_LINE: Final = 2
"""Line number of the first row after the header."""
ROWS_SCHEMA: Final = pa.schema(
    [
        pa.field("file", pa.string()),
        pa.field("line", pa.int64()),
        pa.field("order_seq", pa.int64()),
        pa.field("kind", pa.string()),
    ]
)


@dataclass(frozen=True)
class Written:
    """One weekly file as written; `again` of its rows are orders of an earlier week."""

    file: str
    rows: int
    again: int
    twice: int
    broken: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class OddRow:
    """A row that is not plainly a new order; `kind` is again, twice, or a kind of damage."""

    file: str
    line: int
    order_seq: int
    kind: str


def write(world: World, landing: Path, truth: Path, step: Step | None = None) -> list[Written]:
    """Write a world's order files and its truth; files of the same names are replaced.

    Args:
        world: The world.
        landing: Folder for the weekly CSV files; made when missing.
        truth: Folder for the truth, apart from the landing; made when missing.
        step: Called after each file with its name.

    Returns:
        One entry a file, first week first.

    Raises:
        UsageFault: One folder is or lies in the other.
    """
    folders.check_apart(landing, truth)
    landing.mkdir(parents=True, exist_ok=True)
    truth.mkdir(parents=True, exist_ok=True)
    (truth / TRUTH_FILE).unlink(missing_ok=True)
    known = folders.known_files(truth)
    writer = RowWriter(world)
    written: list[Written] = []
    odd: list[OddRow] = []
    for week in weeks(world):
        draft = landing / f".{week.name}.part"
        try:
            broken = _write_draft(world.config, writer, week, draft)
            written.append(_report(week, draft, len(broken)))
            folders.remember(truth, known | {one.file: one.sha256 for one in written})
            draft.replace(landing / week.name)
        finally:
            draft.unlink(missing_ok=True)
        odd += [*_repeated(week), *broken]
        if step:
            step(week.name)
    folders.remember(truth, {one.file: one.sha256 for one in written})
    _write_truth(world, truth, written, odd)
    return written


def _write_draft(
    config: SimulatorConfig, writer: RowWriter, week: WeekFile, draft: Path
) -> list[OddRow]:
    """Write one file; returns the rows that were damaged."""
    rng = stream(config.seed, "broken", week.name)
    broken: list[OddRow] = []
    with draft.open("wb") as file:
        file.write(HEADER.encode())
        for start, lines in _parts(writer, week):
            for place, kind in damage(lines, config.broken_rows, rng):
                broken.append(_odd(week, start + place, kind))
            file.write("".join(lines).encode())
    return broken


def _parts(writer: RowWriter, week: WeekFile) -> Iterator[tuple[int, list[str]]]:
    for start in range(0, len(week.orders), ROWS_AT_ONCE):
        yield start, writer.write(week.orders[start : start + ROWS_AT_ONCE], week.cut)


def _report(week: WeekFile, draft: Path, broken: int) -> Written:
    return Written(
        file=week.name,
        rows=len(week.orders),
        again=week.again,
        twice=week.twice,
        broken=broken,
        size_bytes=draft.stat().st_size,
        sha256=folders.digest(draft),
    )


def _repeated(week: WeekFile) -> list[OddRow]:
    count = len(week.orders)
    again = [_odd(week, row, "again") for row in range(week.again)]
    return again + [_odd(week, row, "twice") for row in range(count - week.twice, count)]


def _odd(week: WeekFile, row: int, kind: str) -> OddRow:
    return OddRow(week.name, FIRST_LINE + row, int(week.orders[row]) + 1, kind)


def _write_truth(world: World, truth: Path, written: list[Written], odd: list[OddRow]) -> None:
    """Write the tables, and last the JSON that says that they are complete."""
    tables = truth_write.tables(world) | {
        "files": pa.Table.from_pylist([asdict(one) for one in written]),
        "rows": pa.Table.from_pylist([asdict(one) for one in odd], schema=ROWS_SCHEMA),
    }
    for name, table in tables.items():
        pq.write_table(table, truth / f"{name}.parquet", compression="zstd")
    about = {"simulator": VERSION, "numpy": np.__version__, "config": asdict(world.config)}
    text = json.dumps(about, indent=2, default=str, ensure_ascii=False)
    (truth / TRUTH_FILE).write_text(text + "\n", encoding="utf-8")
