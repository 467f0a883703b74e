"""An order's `contents`: JSON text to a list of items.

In: one text a row. Out: one list of `contract.LINE` a row, null where the text is broken. Arrow
reads all rows at once. Where it refuses, texts that are no plain JSON arrays are read one by one,
in the forms that some exports have (quotes doubled once more, text wrapped in quotes), and the
rest is halved until the rows that are refused for a value (a number as text) are few.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from nextloop.orders.contract import LINE

_ONE_BY_ONE: Final = 16
_OPTIONS: Final = pj.ParseOptions(
    explicit_schema=pa.schema([("lines", pa.list_(LINE))]), unexpected_field_behavior="error"
)
_MOST: Final = 10**18


def read_contents(texts: pa.StringArray) -> pa.ListArray:
    """Read every row's items.

    Args:
        texts: `contents` as sent; null where it is missing.

    Returns:
        One list of items a row, of type `list<LINE>`; null where the text is missing, is not
        JSON, or an item of it has a value of a wrong type.
    """
    if not len(texts):
        return pa.array([], pa.list_(LINE))
    present = _as_arrays(pc.fill_null(texts, "x"))
    found = _all_at_once(present)
    return _sorted_out(present) if found is None else found


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


def _as_arrays(texts: pa.StringArray) -> pa.StringArray:
    """Put the single items among the texts into arrays, so that Arrow can read them too."""
    single = pc.starts_with(texts, "{")
    if not pc.any(single).as_py():
        return texts
    return pc.if_else(single, pc.binary_join_element_wise("[", texts, "]", ""), texts)


def _read(texts: pa.StringArray) -> list[pa.ListArray]:
    if not len(texts):
        return []
    found = _all_at_once(texts)
    if found is not None:
        return [found]
    if len(texts) <= _ONE_BY_ONE:
        rows = [_one(text) for text in texts.to_pylist()]
        return [pa.array(rows, pa.list_(LINE))]
    half = len(texts) // 2
    return [*_read(texts[:half]), *_read(texts[half:])]


def _all_at_once(texts: pa.StringArray) -> pa.ListArray | None:
    if pc.any(pc.match_substring(texts, "\n")).as_py():
        texts = pc.replace_substring(texts, "\n", " ")
    rows = pc.binary_join_element_wise('{"lines":', texts, "}\n", "")
    try:
        # The joined texts lie one after the other in memory: newline-delimited JSON as they are.
        table = pj.read_json(
            pa.BufferReader(_bytes_of(rows)), pj.ReadOptions(block_size=rows.nbytes), _OPTIONS
        )
    except pa.ArrowInvalid:
        return None
    # One text that holds two documents would shift all rows after it.
    if table.num_rows != len(texts):
        return None
    found = table["lines"].combine_chunks()
    items = found.flatten()
    return None if found.null_count or items.null_count else found


def _bytes_of(texts: pa.StringArray) -> pa.Buffer:
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32, len(texts) + 1, texts.offset * 4)
    return data.slice(int(ends[0]), int(ends[-1] - ends[0]))


def _one(text: str) -> list[dict[str, Any]] | None:
    found = _loads(text)
    if isinstance(found, str):
        found = _loads(found)
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        return None
    items = [_item(item) for item in found]
    return None if None in items else [item for item in items if item is not None]


def _loads(text: str) -> Any:
    for attempt in (text, text.replace('""', '"'), text.strip().strip('"').replace('""', '"')):
        try:
            return orjson.loads(attempt)
        except orjson.JSONDecodeError:
            continue
    return None


def _item(item: Any) -> dict[str, Any] | None:
    if not isinstance(item, dict):
        return None
    try:
        return {field.name: _value(item.get(field.name), field.type) for field in LINE}
    except ValueError:
        return None


def _value(value: Any, kind: pa.DataType) -> Any:
    """Return the value as its type, where it says the same thing in another spelling."""
    if value is None or value in ("", "\\N"):
        return None
    if pa.types.is_string(kind):
        if isinstance(value, dict | list | bool):
            raise ValueError(value)
        return str(value)
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
