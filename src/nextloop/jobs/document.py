"""docs/tables.md: every stored table and the order file's contract, from their descriptions.

In: `nextloop.tables` and `orders.contract`. Out: one Markdown page. `make tables` writes it; a
test holds that it is current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

import pyarrow as pa

from nextloop.events.reasons import EVENT_REASONS
from nextloop.orders.contract import (
    COUNTS,
    INTEGERS,
    LINE,
    PRIVATE,
    REQUIRED,
    TIMES,
)
from nextloop.orders.reasons import FLAGS, REASONS, Reason, Said
from nextloop.tables import TABLES, Table
from nextloop.tables.order_file import COLUMNS

_TITLE: Final = """\
# Tables

<!-- Written by `make tables` from nextloop.tables and nextloop.orders.contract: edit those. -->

Each is a Delta table on plain Parquet: the folder of its name in the lake. `nextloop tables show
NAME` prints the same with what is in it. A publish replaces whole slices in one commit, so readers
see all of a run or nothing. Instants are UTC. Nothing in any table says who a guest is: names are
dropped while parsing, customer numbers are a keyed hash.
"""
_FILE: Final = """\
## The order file

CSV with a header, UTF-8 (a byte order mark is allowed), commas, `"` around fields and doubled
inside them, line breaks allowed inside quotes; columns in any order; `\\N` or nothing is null.
Times are the hotel's local ones as `YYYY-MM-DD HH:MM:SS`. `.csv.gz` is read as well.
"""
_CONTENTS: Final = """\
### Items of `contents`

A JSON array of items, or a single item; also with its quotes doubled once more, or wrapped in
quotes. Other fields are ignored. `itemSeq` and a `count` from 1 on are required.
"""
_REJECTED: Final = """\
### Why a row is rejected

The row goes to `rejected_rows` with one of these; the rows around it get in. 거부된 행은
`rejected_rows`에 아래 이유와 함께 남고, 나머지 행은 그대로 들어갑니다.
"""
_EVENTS: Final = """\
### Why a line of events is rejected

The line goes to `rejected_rows` as well, without an `order_seq`. 이벤트 파일의 잘못된 줄도
`rejected_rows`에 남습니다.
"""
_FLAGGED: Final = """\
### What a row is flagged with

The row gets in, and `orders.flags` lists these. 행은 들어가고 `orders.flags`에 표시됩니다.
"""


def tables_page() -> str:
    """Return the page as Markdown, equal for equal descriptions."""
    parts = [
        _TITLE,
        _rows(("table", "one row is"), ((_link(table), table.grain) for table in TABLES.values())),
        *chain.from_iterable(map(_table, TABLES.values())),
        _FILE,
        _rows(("column", "holds", "required"), map(_file_column, COLUMNS)),
        _CONTENTS,
        _rows(("field", "type"), ((f"`{field.name}`", _type(field.type)) for field in LINE)),
        _REJECTED,
        _remarks(REASONS.values()),
        _EVENTS,
        _remarks(EVENT_REASONS.values()),
        _FLAGGED,
        _remarks(FLAGS.values()),
    ]
    return "\n".join(parts)


def _table(table: Table) -> Iterator[str]:
    yield f"## {table.name}\n"
    yield f"{table.grain[0].upper()}{table.grain[1:]}.\n"
    spread = f", one file for each `{table.part_by}`" if table.part_by else ""
    yield f"Key: {_names(table.key)}. Slice: `{table.slice_by}`{spread}.\n"
    yield _rows(
        ("column", "type", "null", "meaning"),
        (
            (f"`{column.name}`", _type(column.type), "yes" if column.nullable else "", column.text)
            for column in table.columns
        ),
    )


def _file_column(name: str) -> tuple[str, str, str]:
    if name in COUNTS:
        holds = "people, from 0 on"
    elif name in INTEGERS:
        holds = "whole number"
    elif name in TIMES:
        holds = "local time"
    else:
        holds = "items as JSON, see below" if name == "contents" else "text"
    if name in PRIVATE:
        holds += ", dropped while parsing"
    if name == "customer_seq":
        holds += ", becomes `guest_key`"
    return f"`{name}`", holds, "yes" if name in REQUIRED else ""


def _remarks(reasons: Iterable[Reason]) -> str:
    rows = ((f"`{reason.code}`", _said(reason.en), _said(reason.ko)) for reason in reasons)
    return _rows(("code", "English", "한국어"), rows)


def _said(words: Said) -> str:
    return f"{words.wrong} {words.mend}"


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _link(table: Table) -> str:
    return f"[{table.name}](#{table.name})"


def _type(kind: pa.DataType) -> str:
    return f"list of {_type(kind.value_type)}" if pa.types.is_list(kind) else str(kind)


if __name__ == "__main__":
    sys.stdout.write(tables_page())
