from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nextloop.recommender.history import Timeline, ranges


def test_ranges_are_laid_one_after_the_other():
    """Each range counts up from its first number; empty ones leave nothing."""
    assert ranges(np.array([5, 9, 0]), np.array([2, 0, 3])).tolist() == [5, 6, 0, 1, 2]
    assert ranges(np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == []


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 5)), max_size=30), st.integers(1, 40))
def test_earlier_orders_are_the_owners_of_earlier_instants(rows, limit):
    """Only the same owner's orders of strictly earlier instants are seen, the latest ones."""
    rows = sorted(rows, key=lambda row: row[1])
    owner = np.array([row[0] for row in rows], np.int32)
    at = np.array([row[1] for row in rows], np.int64)

    place, earlier = Timeline.of(owner, at).earlier(np.arange(len(rows)), limit)

    for order in range(len(rows)):
        expected = [
            i for i in range(len(rows)) if owner[i] == owner[order] >= 0 and at[i] < at[order]
        ]
        assert earlier[place == order].tolist() == expected[-limit:]
