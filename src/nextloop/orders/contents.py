"""An order's `contents`: JSON text to a list of items.

In: one text a row. Out: one list of `contract.LINE` a row, null where the text is broken. Arrow
reads many rows at once. Where it refuses, texts that are no plain JSON arrays are read one by one,
in the forms that some exports have (quotes doubled once more, text wrapped in quotes), and the
rest is halved until the rows that are refused for a value (a number as text) are few.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
_PART_BYTES: Final = 2 * 1024 * 1024
_NEEDED: Final = ("itemSeq", "count")
_BROKEN_ITEMS: Final[list[dict[str, Any]]] = [dict.fromkeys(LINE.names)]
_BROKEN: Final = pa.array([_BROKEN_ITEMS], pa.list_(LINE))
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
        a JSON array of objects or one object. A list with an item that lacks what it needs, or
        with a value of a wrong type, has one item that is all null.
    """
    found = [_read_part(texts[begin:end]) for begin, end in _parts(texts)]
    return pa.concat_arrays([pa.array([], pa.list_(LINE)), *found])


def _parts(texts: pa.StringArray) -> Iterator[tuple[int, int]]:
    """Cut texts into parts of few bytes: an item of two bytes takes a hundred when it is read."""
    sizes = np.cumsum(np.asarray(pc.fill_null(pc.binary_length(texts), 0)))
    begin = 0
    while begin < len(texts):
        end = int(np.searchsorted(sizes, (sizes[begin - 1] if begin else 0) + _PART_BYTES, "right"))
        yield begin, max(end, begin + 1)
        begin = max(end, begin + 1)


def _read_part(texts: pa.StringArray) -> pa.ListArray:
    flat = _on_one_line(pc.fill_null(texts, "x"))
    single = pc.starts_with(flat, "{")
    present = _as_arrays(flat, single)
    found = _all_at_once(present, _STRICT)
    if found is None:
        found = _sorted_out(present)
    # `{...}, {...}` becomes an array of two by the brackets put around it, and was none.
    several = pc.and_(single, pc.fill_null(pc.greater(pc.list_value_length(found), 1), False))  # noqa: FBT003
    found = _nulled(found, several) if pc.any(several).as_py() else found
    return _shortened(found)


def _shortened(lists: pa.ListArray) -> pa.ListArray:
    """Leave one item of a list that holds a broken one: the row is rejected for it anyway."""
    items = lists.flatten()
    if not any(items.field(name).null_count for name in _NEEDED):
        return lists
    broken = np.zeros(len(items), bool)
    for name in _NEEDED:
        broken |= np.asarray(pc.is_null(items.field(name)))
    rows = np.unique(np.asarray(pc.list_parent_indices(lists))[broken])
    where = np.arange(len(lists))
    where[rows] = len(lists)
    return pa.concat_arrays([lists, _BROKEN]).take(pa.array(where))


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
    if not all(isinstance(item, dict) for item in found):
        return None
    try:
        return [_item(item) for item in found]
    except ValueError:
        return _BROKEN_ITEMS  # `rows.check_items` finds it by the itemSeq that it lacks


def _loads(text: str) -> Any:
    for attempt in (text, text.replace('""', '"'), text.strip().strip('"').replace('""', '"')):
        try:
            return orjson.loads(attempt)
        except orjson.JSONDecodeError:
            continue
    return None


def _item(item: dict[str, Any]) -> dict[str, Any]:
    read = {field.name: _value(item.get(field.name), field.type) for field in LINE}
    if None in (read[name] for name in _NEEDED):
        raise ValueError(item)
    return read


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
