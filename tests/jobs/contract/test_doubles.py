"""Orders that come more than once in checked files: all found, in memory or on disk."""

from __future__ import annotations

import pyarrow as pa
import pytest

from nextloop.jobs.contract.doubles import Doubled, Doubles


def block(*rows: tuple[int, int, int]) -> pa.Table:
    """A block of accepted rows: hotel, order and line each."""
    hotels, orders, lines = zip(*rows, strict=True)
    return pa.table({"hotel_seq": hotels, "order_seq": orders, "line_number": lines})


@pytest.mark.parametrize("in_memory", [1_000, 3], ids=["memory", "disk"])
def test_orders_of_several_rows_are_found_in_the_order_of_their_first(tmp_path, in_memory):
    """Within a block, over blocks and over files; another hotel's number is another order."""
    doubles = Doubles(tmp_path, in_memory)
    doubles.add("a.csv", block((10, 7, 2), (10, 8, 3), (11, 7, 4)))
    doubles.add("a.csv", block((10, 9, 5), (10, 8, 6)))
    doubles.add("b.csv", block((10, 7, 2), (10, 8, 3), (12, 1, 4)))
    assert doubles.found(9) == (
        2,
        [
            Doubled(10, 7, 2, [("a.csv", 2), ("b.csv", 2)]),
            Doubled(10, 8, 3, [("a.csv", 3), ("a.csv", 6), ("b.csv", 3)]),
        ],
    )


@pytest.mark.parametrize("in_memory", [10_000, 100], ids=["memory", "disk"])
def test_all_are_counted_and_only_the_first_described(tmp_path, in_memory):
    """Of 1,500 doubled orders the first three are told, with their first two places."""
    doubles = Doubles(tmp_path, in_memory)
    for copy in range(3):
        for start in range(0, 1_500, 50):
            rows = ((1, order, copy * 1_500 + order) for order in range(start, start + 50))
            doubles.add("a.csv", block(*rows))
    count, first = doubles.found(3, places=2)
    assert count == 1_500
    assert [(each.order_seq, each.rows, each.places) for each in first] == [
        (order, 3, [("a.csv", order), ("a.csv", 1_500 + order)]) for order in range(3)
    ]


def test_nothing_is_doubled_in_no_rows(tmp_path):
    """Files without accepted rows have no doubled orders."""
    doubles = Doubles(tmp_path)
    doubles.add("a.csv", block((1, 1, 1)).slice(0, 0))
    assert doubles.found(5) == (0, [])
