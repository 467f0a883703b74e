"""What one broken record costs, and where it is said to stand."""

from __future__ import annotations

from itertools import pairwise

import pytest
from tests.order_files import contents, csv_line, csv_text, item, row

from nextloop.orders import blocks

PRINTED = contents(item()).replace(", ", ",\n  ")
STRAY = csv_line(row(9)).replace("Ocean501", '"Ocean501')


@pytest.fixture(params=[300, 2000, blocks.BLOCK_BYTES], ids=["tiny", "small", "usual"])
def block_bytes(request, monkeypatch):
    """Read in blocks of this size: whatever a block's end cuts must come out the same."""
    monkeypatch.setattr(blocks.BlockReader.__init__, "__defaults__", (request.param,))
    return request.param


def test_stray_quote_costs_only_its_line(read, block_bytes):
    """A quote that never closes does not swallow the rows after it."""
    good = [row(number) for number in range(1, 9)]
    found = read(csv_text([*good[:2], STRAY, *good[2:]]))
    assert found.orders == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [(line, reason) for line, reason, _ in found.reasons] == [(4, "unbalanced_quote")]


def test_two_stray_quotes_cost_two_lines(read, block_bytes):
    """Their quotes balance each other, and still each line is judged by itself."""
    found = read(csv_text([row(1), STRAY, row(2), row(3), STRAY, row(4)]))
    assert found.orders == [1, 2, 3, 4]
    assert [line for line, _, _ in found.reasons] == [3, 6]


def test_stray_quote_before_a_record_of_many_lines(read, block_bytes):
    """The record keeps its lines together although a quote before it is missing its partner."""
    found = read(csv_text([row(1), STRAY, row(2, contents=PRINTED), row(3)]))
    assert found.orders == [1, 2, 3]
    assert [line for line, _, _ in found.reasons] == [3]


def test_line_numbers_count_lines_within_quotes(read, block_bytes):
    """A row after printed JSON stands where an editor shows it."""
    lines = PRINTED.count("\n")
    rows = [row(1, contents=PRINTED), row(2), row(3, contents=PRINTED), row(4, reg_date="")]
    found = read(csv_text(rows))
    assert [order["line_number"] for order in found.accepted] == [2, 3 + lines, 4 + lines]
    assert found.reasons == [(5 + 2 * lines, "missing_value", "reg_date")]


def test_line_numbers_count_blank_lines(read, block_bytes):
    """Blank lines are no rows and are lines."""
    found = read(csv_text([row(1), "", "  ", row(2), "", row(3, status="")]))
    assert [order["line_number"] for order in found.accepted] == [2, 5]
    assert found.reasons == [(7, "missing_value", "status")]
    assert found.rows_in == 3


def test_line_numbers_hold_over_many_blocks(read, block_bytes):
    """Every row of a longer file, some of them printed over lines, has its own number."""
    rows = [row(n, contents=PRINTED if n % 7 == 0 else contents(item())) for n in range(1, 60)]
    found = read(csv_text(rows))
    at = 2
    for number, order in zip(range(1, 60), found.accepted, strict=True):
        assert (order["order_seq"], order["line_number"]) == (number, at)
        at += 1 + (PRINTED.count("\n") if number % 7 == 0 else 0)


def test_row_longer_than_allowed_is_rejected_alone(read, block_bytes):
    """Its length is said, its neighbours get in, whether or not a block holds it."""
    long = row(2, contents=contents(*[item()] * 12))
    assert len(csv_line(long)) > 2048 > len(csv_line(row(1)))
    found = read(csv_text([row(1), long, row(3)]), max_row_bytes=2048)
    assert found.orders == [1, 3]
    assert found.reasons == [(3, "row_too_long", None)]
    assert found.rows_in == 3


def test_row_of_exactly_the_bound_gets_in(read):
    """The bound is the longest row that is accepted, its line's end not counted."""
    size = len(csv_line(row(2)).encode())
    whole = csv_text([row(1), row(2), row(3)])
    assert read(whole, max_row_bytes=size).orders == [1, 2, 3]
    assert read(whole.replace("\n", "\r\n"), max_row_bytes=size).orders == [1, 2, 3]
    assert read(whole, max_row_bytes=size - 1).orders == []


def test_endless_quote_does_not_take_the_file_with_it(read, block_bytes):
    """A quote opened in the first row and never closed costs that row, with little memory."""
    first = csv_line(row(1)).replace("Ocean501", '"Ocean501')
    found = read(csv_text([first, *(row(n) for n in range(2, 40))]), max_row_bytes=2048)
    assert found.orders == list(range(2, 40))
    assert found.rejected[0]["line_number"] == 2
    assert found.rows_in == 39


def test_zeros_at_the_end_of_a_half_copied_file(read, block_bytes):
    """Blocks of zeros, as a copy broken off leaves them, are one bad line."""
    found = read(csv_text([row(1), row(2)]).encode() + b"\0" * 5000)
    assert found.orders == [1, 2]
    assert found.reasons == [(4, "column_count", None)]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_file_cut_off_anywhere_loses_only_its_last_row(read, block_bytes, cut):
    """Half a row at the end is rejected, whole rows before it stay."""
    found = read(csv_text([row(1), row(2), row(3)])[:-cut])
    assert found.orders[:2] == [1, 2]
    assert found.rows_in == 3


def test_accepted_rows_stay_in_the_files_order(read, block_bytes):
    """Rows come out as they stood."""
    found = read(csv_text([row(5), row(3), STRAY, row(4), row(1)]))
    assert found.orders == [5, 3, 4, 1]
    numbers = [order["line_number"] for order in found.accepted]
    assert all(one < other for one, other in pairwise(numbers))
