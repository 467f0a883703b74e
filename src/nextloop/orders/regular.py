"""Whether a block of lines means the same to Arrow's CSV reader as to the exact one.

In: a block's bytes. Out: yes, or no, and then the block is read the exact way. Arrow is lenient
where the contract is not: it drops a quote that stands where none may, ends a row at a carriage
return, and looks at the bytes only of the columns that it is asked for.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

_QUOTE: Final = ord('"')
_BEFORE: Final = tuple(b",\n")
_AFTER: Final = tuple(b",\r\n")


def is_regular(data: bytes) -> bool:
    """Tell whether a block is UTF-8, its lines end in one way and its quotes enclose fields.

    Args:
        data: Whole lines with an even number of quotes.
    """
    return _ends_in_one_way(data) and _encloses_fields(data) and _is_utf8(data)


def _ends_in_one_way(data: bytes) -> bool:
    return b"\r" not in data or data.count(b"\r") == data.count(b"\r\n")


def _encloses_fields(data: bytes) -> bool:
    """Tell whether each quote begins a field, ends one, or is one of two in a quoted field."""
    found = np.frombuffer(data, np.uint8)
    places = np.flatnonzero(found == _QUOTE)
    if not len(places):
        return True
    begins, ends = places[0::2], places[1::2]
    # Where one field's text holds two quotes, an end and a beginning touch.
    apart = np.flatnonzero(begins[1:] - ends[:-1] != 1)
    before = found[begins[1:][apart] - 1]
    after = found[ends[:-1][apart] + 1]
    return bool(
        np.isin(before, _BEFORE).all()
        and np.isin(after, _AFTER).all()
        and (begins[0] == 0 or found[begins[0] - 1] in _BEFORE)
        and (ends[-1] == len(data) - 1 or found[ends[-1] + 1] in _AFTER)
    )


def _is_utf8(data: bytes) -> bool:
    ends = pa.py_buffer(np.array([0, len(data)], np.int64))
    text = pa.Array.from_buffers(pa.large_string(), 1, [None, ends, pa.py_buffer(data)])
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
