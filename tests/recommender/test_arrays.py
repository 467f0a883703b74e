from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nextloop.recommender.arrays import Array, pack, unpack

DTYPES = [np.dtype(name) for name in ("i8", "i4", "f4", "?", "S4")]
ARRAYS: st.SearchStrategy[Array] = hnp.arrays(
    dtype=st.sampled_from(DTYPES),
    shape=hnp.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=5),
)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), ARRAYS, max_size=4))
def test_what_is_packed_is_unpacked(arrays):
    """Unpacking gives back every array with its type, shape and values."""
    back = unpack(pack(arrays))

    assert set(back) == set(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)


def test_packing_does_not_depend_on_the_time_of_day_or_the_sequence(monkeypatch):
    """Equal arrays give equal bytes whenever and in whichever sequence they are packed."""
    a, b = np.arange(3), np.ones(2)
    before = pack({"a": a, "b": b})
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(2e9))

    assert pack({"b": b, "a": a}) == before


def test_objects_are_refused_when_packing():
    """An array of Python objects, which only a pickle could hold, is refused."""
    with pytest.raises(ValueError, match="allow_pickle"):
        pack({"a": np.array([{}], dtype=object)})
