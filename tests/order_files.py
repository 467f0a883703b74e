"""Small order files for tests: rows in the contract's words, written as a hotel's export would."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nextloop.tables.order_file import COLUMNS

KEY = "an only-for-tests guest key of 38 characters"
ITEM: dict[str, Any] = {
    "orderType": "ITEM",
    "itemSeq": 7,
    "count": 2,
    "itemName": "치킨 버거",
    "departmentSeq": 3,
    "price": 12000,
    "waitingPeriod": 20,
    "delayPeriod": 0,
    "freeCount": 0,
    "couponSeq": None,
    "resultPrice": 24000,
    "completePeriod": 18,
}
ROW = {
    "order_seq": "1",
    "hotel_seq": "10",
    "room_seq": "501",
    "customer_seq": "777001",
    "order_price": "24000",
    "status": "COMPLETE",
    "reg_date": "2017-12-20 19:00:00",
    "check_date": "2017-12-20 19:02:00",
    "refuse_date": "\\N",
    "complete_date": "2017-12-20 19:30:00",
    "room_building_seq": "1",
    "room_floor_seq": "5",
    "room_name": "Ocean501",
    "customer_name": "김민수",
    "visitor_cnt": "2",
    "visit_adult_cnt": "2",
    "visit_child_cnt": "0",
    "visit_baby_cnt": "0",
    "check_in": "2017-12-19 15:00:00",
    "check_out": "\\N",
    "check_out_expected": "2017-12-22 11:00:00",
}


def item(**changes: Any) -> dict[str, Any]:
    """One item of `contents`."""
    return {**ITEM, **changes}


def contents(*items: Mapping[str, Any]) -> str:
    """The text of `contents` for these items."""
    return json.dumps(items, ensure_ascii=False)


def row(order_seq: int = 1, **changes: str) -> dict[str, str]:
    """One valid row, with the changes."""
    return {**ROW, "contents": contents(ITEM), "order_seq": str(order_seq), **changes}


def line(fields: Sequence[str]) -> str:
    """One CSV line without its end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue()


def csv_line(values: Mapping[str, str], columns: Sequence[str] = COLUMNS) -> str:
    """The CSV line of a row, without its end."""
    return line([values[name] for name in columns])


def csv_text(rows: Iterable[Mapping[str, str] | str], columns: Sequence[str] = COLUMNS) -> str:
    """An order file: rows as mappings, or as lines that are taken as they are."""
    lines = [each if isinstance(each, str) else csv_line(each, columns) for each in rows]
    return "\n".join([",".join(columns), *lines]) + "\n"


def write(path: Path, *rows: Mapping[str, str] | str) -> Path:
    """Write an order file and make its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(csv_text(rows).encode())
    return path
