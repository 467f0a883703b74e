"""Which rows a week is made of, when it is settled who lost to whom."""

from __future__ import annotations

import pyarrow as pa
import pytest
from tests.order_files import contents, csv_text, item, row
from tests.orders.conftest import rules_with

from nextloop.orders.newest import newest_lines, newest_orders
from nextloop.orders.reader import read_rows
from nextloop.orders.rows import STAGED, Source
from nextloop.orders.staged import IDENTITY, KEY
from nextloop.tables import ORDER_LINES, ORDERS

LOSER = pa.schema(
    [*(ORDERS.schema.field(name) for name in (*KEY, *IDENTITY)), pa.field("is_new", pa.bool_())]
)
NONE = LOSER.empty_table()


def read(path, name, *orders) -> pa.Table:
    """Read the staged rows of a file that the tables call so."""
    path.write_text(csv_text(orders))
    (found,) = read_rows(str(path), Source(name, 1, "ab"), rules_with())
    return found.accepted


@pytest.fixture
def old(tmp_path):
    """Orders 1 to 3, with as many items each as their number."""
    orders = [row(n, contents=contents(*[item(itemSeq=n)] * n)) for n in (1, 2, 3)]
    return read(tmp_path / "a.csv", "a.csv", *orders)


@pytest.fixture
def new(tmp_path):
    """Order 3 once more, with one item, and order 4."""
    orders = [row(3, contents=contents(item(itemSeq=30))), row(4)]
    return read(tmp_path / "b.csv", "b.csv", *orders)


def losers(rows: pa.Table, *order_seqs: int, is_new: bool) -> pa.Table:
    """Say that the rows of these orders do not count."""
    found = rows.select([*KEY, *IDENTITY]).append_column("is_new", pa.array([is_new] * len(rows)))
    return found.filter(pa.array([seq in order_seqs for seq in found["order_seq"].to_pylist()]))


def lines(table: pa.Table) -> list[tuple[int, int, int]]:
    """Return order, line and item of each line."""
    names = ("order_seq", "line", "item_seq")
    return sorted(tuple(each[name] for name in names) for each in table.to_pylist())


def known(rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    """What the tables hold of staged rows after a run."""
    empty = (ORDERS.schema.empty_table(), ORDER_LINES.schema.empty_table())
    return newest_orders(rows, empty[0], NONE), newest_lines(rows, empty[1], NONE)


def test_rows_without_rivals_all_count(old):
    """One order a row, one line an item, numbered from 0, in the tables' types."""
    orders, found = known(old)
    assert (orders.schema, found.schema) == (ORDERS.schema, ORDER_LINES.schema)
    assert orders["order_seq"].to_pylist() == [1, 2, 3]
    assert lines(found) == [(1, 0, 1), (2, 0, 2), (2, 1, 2), (3, 0, 3), (3, 1, 3), (3, 2, 3)]


def test_new_state_replaces_the_stored_one(old, new):
    """The stored order goes with all its lines."""
    orders, stored = known(old)
    lost = losers(old, 3, is_new=False)
    found = newest_orders(new, orders, lost).to_pylist()
    assert {each["order_seq"]: each["file_name"] for each in found} == {
        1: "a.csv",
        2: "a.csv",
        3: "b.csv",
        4: "b.csv",
    }
    assert len(found) == 4
    assert lines(newest_lines(new, stored, lost)) == [
        *((1, 0, 1), (2, 0, 2), (2, 1, 2)),
        *((3, 0, 30), (4, 0, 7)),
    ]


def test_older_state_that_comes_late_does_not_count(old, new):
    """The stored order keeps its lines."""
    orders, stored = known(old)
    lost = losers(new, 3, is_new=True)
    assert sorted(newest_orders(new, orders, lost)["order_seq"].to_pylist()) == [1, 2, 3, 4]
    assert (3, 2, 3) in lines(newest_lines(new, stored, lost))
    assert (3, 0, 30) not in lines(newest_lines(new, stored, lost))


def test_two_new_states_of_one_order(old, new):
    """Of two files that come together the one that lost gives neither row nor line."""
    both = pa.concat_tables([old, new])
    lost = losers(old, 3, is_new=True)
    empty = ORDERS.schema.empty_table()
    found = newest_orders(both, empty, lost)
    assert sorted(found["order_seq"].to_pylist()) == [1, 2, 3, 4]
    kept = newest_lines(both, ORDER_LINES.schema.empty_table(), lost)
    assert [line for line in lines(kept) if line[0] == 3] == [(3, 0, 30)]


def test_week_that_loses_all_its_orders_is_empty(old):
    """Its orders stand in another week now."""
    orders, stored = known(old)
    lost = losers(old, 1, 2, 3, is_new=False)
    nothing = STAGED.empty_table()
    assert len(newest_orders(nothing, orders, lost)) == 0
    assert len(newest_lines(nothing, stored, lost)) == 0
