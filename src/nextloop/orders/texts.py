"""Arrow's texts as the bytes that lie one after the other in memory: looked at all at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

_OFFSET_BYTES = 4


def text_bytes(texts: pa.StringArray) -> pa.Buffer:
    """Return the bytes of all texts of an array, without a copy.

    Args:
        texts: Any texts; nulls have none.
    """
    _, offsets, data = texts.buffers()
    if data is None or not len(texts):
        return pa.py_buffer(b"")
    ends = np.frombuffer(offsets, np.int32, len(texts) + 1, texts.offset * _OFFSET_BYTES)
    return data.slice(int(ends[0]), int(ends[-1] - ends[0]))
