"""Every kind of broken row: it alone is rejected, with its line, a reason and the column."""

from __future__ import annotations

import pytest
from tests.order_files import contents, csv_text, item, row
from tests.orders.bad_rows import ROWS

from nextloop.orders.reasons import REASONS

WAYS = {
    "plain": [row(1), row(2)],
    # Its newline stands inside quotes: the block is read the exact way, and line numbers shift.
    "newline": [row(1), row(2, contents=contents(item()).replace(", ", ",\n"))],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ROWS)
def test_broken_row_is_rejected_alone(read, kind, way):
    """The rows around the bad one get in; it is rejected with line, reason and column."""
    bad, reason, column = ROWS[kind]
    before, after = csv_text(WAYS[way]).encode(), csv_text([row(3), row(4)]).encode()
    found = read(before + bad + b"\n" + after.split(b"\n", 1)[1])
    assert found.orders == [1, 2, 3, 4]
    assert found.reasons == [(before.count(b"\n") + 1, reason, column)]
    assert found.rows_in == 5


@pytest.mark.parametrize("kind", ROWS)
def test_broken_row_at_the_end_without_a_newline(read, kind):
    """The last row is judged like any other, also when the file does not end its line."""
    bad, reason, column = ROWS[kind]
    found = read(csv_text([row(1), row(2)]).encode() + bad)
    assert (found.orders, found.rows_in) == ([1, 2], 3)
    assert found.reasons == [(4, reason, column)]


def test_every_reason_is_met():
    """Each reason code of the contract is given by at least one kind here or by a long row."""
    assert {reason for _, reason, _ in ROWS.values()} | {"row_too_long"} == set(REASONS)
