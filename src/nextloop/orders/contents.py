"""An order's `contents`: JSON text to a list of items.

In: one text a row. Out: one list of `contract.LINE` a row, null where the text is broken. Arrow
reads all rows at once. Where it refuses, texts that are no plain JSON arrays are read one by one,
in the forms that some exports have (quotes doubled once more, text wrapped in quotes), and the
rest is halved until the rows that are refused for a value (a number as text) are few.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from nextloop.orders.contract import LINE
from nextloop.orders.texts import text_bytes
from nextloop.tables.order_file import NULLS

_ONE_BY_ONE: Final = 16
_SCHEMA: Final = pa.schema([("lines", pa.list_(LINE))])
_STRICT: Final = pj.ParseOptions(explicit_schema=_SCHEMA, unexpected_field_behavior="error")
_LENIENT: Final = pj.ParseOptions(explicit_schema=_SCHEMA, unexpected_field_behavior="ignore")
"""Ignores fields of items that the contract does not know, and fields beside `lines`: only for
texts that are known to be one array each."""
_MOST: Final = 10**18
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def read_contents(texts: pa.StringArray) -> pa.ListArray:
    """Read every row's items.

    Args:
        texts: `contents` as sent; null where it is missing.

    Returns:
        One list of items a row, of type `list<LINE>`; null where the text is missing or is not
        a JSON array of objects or one object. An item with a value of a wrong type is all null.
    """
    if not len(texts):
        return pa.array([], pa.list_(LINE))
    flat = _on_one_line(pc.fill_null(texts, "x"))
    single = pc.starts_with(flat, "{")
    present = _as_arrays(flat, single)
    found = _all_at_once(present, _STRICT)
    if found is None:
        found = _sorted_out(present)
    # `{...}, {...}` becomes an array of two by the brackets put around it, and was none.
    several = pc.and_(single, pc.fill_null(pc.greater(pc.list_value_length(found), 1), False))  # noqa: FBT003
    return _nulled(found, several) if pc.any(several).as_py() else found


def _on_one_line(texts: pa.StringArray) -> pa.StringArray:
    """Make line breaks blanks: some exports print JSON on many lines, or names with a break."""
    # One look at all bytes: a search text by text costs more than reading the JSON.
    used = np.frombuffer(text_bytes(texts), np.uint8)
    for end in "\r\n":
        if (used == ord(end)).any():
            texts = pc.replace_substring(texts, end, " ")
    return texts


def _nulled(lists: pa.ListArray, where: pa.BooleanArray) -> pa.ListArray:
    return lists.take(pa.array(np.arange(len(lists)), mask=np.asarray(where)))


def _sorted_out(texts: pa.StringArray) -> pa.ListArray:
    """Read the texts that are plain JSON arrays together, the others one by one."""
    plain = np.array([isinstance(_plain(text), list) for text in texts.to_pylist()])
    odd = [_one(text) for text in texts.filter(pa.array(~plain)).to_pylist()]
    read = [*_read(texts.filter(pa.array(plain))), pa.array(odd, pa.list_(LINE))]
    # Where each text's items stand in the two parts laid one behind the other.
    places = np.where(plain, np.cumsum(plain) - 1, plain.sum() + np.cumsum(~plain) - 1)
    return pa.concat_arrays(read).take(pa.array(places))


def _plain(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _as_arrays(texts: pa.StringArray, single: pa.BooleanArray) -> pa.StringArray:
    """Put the single items among the texts into arrays, so that Arrow can read them too."""
    if not pc.any(single).as_py():
        return texts
    return pc.if_else(single, pc.binary_join_element_wise("[", texts, "]", ""), texts)


def _read(texts: pa.StringArray) -> list[pa.ListArray]:
    """Read texts that are one JSON array each."""
    if not len(texts):
        return []
    found = _all_at_once(texts, _LENIENT)
    if found is not None:
        return [found]
    if len(texts) <= _ONE_BY_ONE:
        rows = [_one(text) for text in texts.to_pylist()]
        return [pa.array(rows, pa.list_(LINE))]
    half = len(texts) // 2
    return [*_read(texts[:half]), *_read(texts[half:])]


def _all_at_once(texts: pa.StringArray, options: pj.ParseOptions) -> pa.ListArray | None:
    rows = pc.binary_join_element_wise('{"lines":', texts, "}\n", "")
    try:
        # The joined texts lie one after the other in memory: newline-delimited JSON as they are.
        table = pj.read_json(
            pa.BufferReader(text_bytes(rows)), pj.ReadOptions(block_size=rows.nbytes), options
        )
    except pa.ArrowInvalid:
        return None
    # One text that holds two documents would shift all rows after it.
    if table.num_rows != len(texts):
        return None
    found = table["lines"].combine_chunks()
    items = found.flatten()
    return None if found.null_count or items.null_count or not _finite(items) else found


def _finite(items: pa.StructArray) -> bool:
    """Tell whether all numbers are; Arrow reads NaN and Infinity, which JSON does not know."""
    numbers = (items.field(field.name) for field in LINE if pa.types.is_floating(field.type))
    return all(pc.all(pc.is_finite(each)).as_py() is not False for each in numbers)


def _one(text: str) -> list[dict[str, Any]] | None:
    found = _loads(text)
    if isinstance(found, str):
        found = _loads(found)
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        return None
    return [_item(item) for item in found] if all(isinstance(i, dict) for i in found) else None


def _loads(text: str) -> Any:
    for attempt in (text, text.replace('""', '"'), text.strip().strip('"').replace('""', '"')):
        try:
            return orjson.loads(attempt)
        except orjson.JSONDecodeError:
            continue
    return None


def _item(item: dict[str, Any]) -> dict[str, Any]:
    try:
        return {field.name: _value(item.get(field.name), field.type) for field in LINE}
    except ValueError:
        # `rows.check_items` finds it by the itemSeq that it lacks.
        return dict.fromkeys(LINE.names)


def _value(value: Any, kind: pa.DataType) -> Any:
    """Return the value as its type, where it says the same thing in another spelling."""
    if value is None:
        return None
    if pa.types.is_string(kind):
        if isinstance(value, dict | list | bool):
            raise ValueError(value)
        return str(value)
    if value in NULLS:
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise ValueError(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(value)
    number = float(value)
    if not abs(number) < _MOST:
        raise ValueError(value)
    if pa.types.is_floating(kind):
        return number
    if number != int(number):
        raise ValueError(value)
    # A long number in quotes keeps its digits: a float holds 15 of them.
    return int(value) if isinstance(value, int | str) and "." not in str(value) else int(number)
