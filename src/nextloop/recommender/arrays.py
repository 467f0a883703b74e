"""Recommender: the array types of this package, and arrays as bytes that never change.

Named arrays go in, the bytes of a `.npz` file come out, and back. numpy's own `savez` stamps the
time of day into the archive, so two equal models would differ; ours have a fixed date.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Array = npt.NDArray[Any]

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip archive can hold


def pack(arrays: Mapping[str, Array]) -> bytes:
    """Write named arrays as one uncompressed `.npz` archive, byte-equal for equal arrays.

    Args:
        arrays: Arrays of numbers, flags or fixed-width bytes; never objects.

    Returns:
        The archive's bytes, entries sorted by name.

    Raises:
        ValueError: If an array holds Python objects, which only a pickle could store.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            entry = io.BytesIO()
            array = np.ascontiguousarray(arrays[name])
            np.lib.format.write_array(entry, array, version=(1, 0), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), entry.getvalue())
    return out.getvalue()


def unpack(data: bytes) -> dict[str, Array]:
    """Read what `pack` wrote.

    Args:
        data: The bytes of an `.npz` archive.

    Returns:
        The arrays by name.

    Raises:
        ValueError: If an entry would need unpickling.
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
