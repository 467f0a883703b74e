"""Which state of an order counts when it comes again, in whatever order its files arrive."""

from __future__ import annotations

import itertools

import pytest
from tests.lakes import Chain
from tests.order_files import contents, item, row

from nextloop.tables import ORDER_LINES, ORDERS

OPEN = row(1, status="CHECK", complete_date="", contents=contents(item(itemSeq=1)))
DONE = row(1, contents=contents(item(itemSeq=1), item(itemSeq=2)))


def counts(report):
    """Rows in, accepted, rejected, superseded, replaced."""
    return (
        report.rows_in,
        report.accepted,
        report.rejected,
        report.superseded,
        report.replaced,
    )


def test_order_open_at_the_cut_is_completed_by_the_next_file(chain):
    """The later file's state replaces the earlier one, its items too."""
    assert counts(chain.take_in([OPEN, row(2)], "a.csv")) == (2, 2, 0, 0, 0)
    assert counts(chain.take_in([DONE], "b.csv")) == (1, 1, 0, 0, 1)
    assert chain.rows(ORDERS, "order_seq", "state", "line_count", "file_name") == [
        (1, "complete", 2, "b.csv"),
        (2, "complete", 1, "a.csv"),
    ]
    assert chain.rows(ORDER_LINES, "order_seq", "line", "item_seq") == [
        (1, 0, 1),
        (1, 1, 2),
        (2, 0, 7),
    ]


def test_older_state_that_arrives_late_is_superseded(chain):
    """What is known and newer stays, with its items; the late row is counted."""
    chain.take_in([DONE], "b.csv")
    before = chain.table(ORDERS), chain.table(ORDER_LINES)
    assert counts(chain.take_in([OPEN], "a.csv")) == (1, 0, 0, 1, 0)
    assert (chain.table(ORDERS), chain.table(ORDER_LINES)) == before


def test_both_states_in_one_file(chain):
    """Within a file, too, the newest state counts, wherever it stands."""
    assert counts(chain.take_in([DONE, OPEN, row(2), DONE])) == (4, 2, 0, 2, 0)
    assert chain.rows(ORDERS, "order_seq", "state", "line_number") == [
        (1, "complete", 5),
        (2, "complete", 4),
    ]


def test_order_numbers_belong_to_their_hotel(chain):
    """Two hotels' orders of one number are two orders."""
    chain.take_in([row(1), row(1, hotel_seq="11")], "a.csv")
    report = chain.take_in([row(1, hotel_seq="11", status="REFUSE")], "b.csv")
    assert counts(report) == (1, 1, 0, 0, 1)
    assert chain.rows(ORDERS, "hotel_seq", "state") == [(10, "complete"), (11, "refused")]


def test_order_moved_to_another_week_leaves_its_old_one(chain):
    """A corrected order date moves the order; nothing of it stays behind."""
    chain.take_in([row(1), row(2)], "a.csv")
    moved = row(
        1, reg_date="2018-01-03 10:00:00", check_date="", complete_date="2018-01-03 10:30:00"
    )
    assert counts(chain.take_in([moved], "b.csv")) == (1, 1, 0, 0, 1)
    assert [(seq, str(week)) for seq, week in chain.rows(ORDERS, "order_seq", "order_week")] == [
        (1, "2018-01-01"),
        (2, "2017-12-18"),
    ]
    assert chain.rows(ORDER_LINES, "order_seq") == [(1,), (2,)]


def test_week_whose_only_order_moved_away_is_emptied(chain):
    """The last order of a week takes the week's file with it."""
    chain.take_in([row(1)], "a.csv")
    moved = row(
        1, reg_date="2018-01-03 10:00:00", check_date="", complete_date="2018-01-03 10:30:00"
    )
    chain.take_in([moved], "b.csv")
    assert [(seq, str(week)) for seq, week in chain.rows(ORDERS, "order_seq", "order_week")] == [
        (1, "2018-01-01")
    ]
    assert chain.rows(ORDER_LINES, "order_seq") == [(1,)]


def test_older_state_in_another_week_does_not_move_the_order(chain):
    """A late row of an earlier state and another week changes nothing."""
    newer = row(1, complete_date="2018-01-09 10:00:00")
    chain.take_in([newer], "a.csv")
    before = chain.table(ORDERS)
    older = row(1, reg_date="2017-12-13 10:00:00", check_date="", complete_date="")
    assert counts(chain.take_in([older], "b.csv")) == (1, 0, 0, 1, 0)
    assert chain.table(ORDERS) == before


FILES: dict[str, list[dict[str, str] | str]] = {
    "a.csv": [OPEN, row(2), row(3, status="OPEN", complete_date=""), "broken"],
    "b.csv": [
        DONE,
        row(2),
        row(4, reg_date="2017-12-25 09:00:00", complete_date="", check_date=""),
    ],
    "c.csv": [
        row(3, status="REFUSE", complete_date="", refuse_date="2017-12-20 19:10:00"),
        row(4, reg_date="2018-01-02 09:00:00", check_date="", complete_date="2018-01-02 09:30:00"),
        row(2, status="CANCEL"),
        row(5),
    ],
}


@pytest.fixture(scope="module")
def at_once(tmp_path_factory, sail):
    """The three files taken in by one run."""
    chain = Chain(tmp_path_factory.mktemp("once"), sail)
    for name, rows in FILES.items():
        chain.put(name, rows)
    chain.ingest()
    return chain.table(ORDERS), chain.table(ORDER_LINES)


@pytest.mark.parametrize("names", list(itertools.permutations(FILES)), ids=" ".join)
def test_arrival_order_does_not_matter(chain, at_once, names):
    """Three files one by one, in any order, give the tables that they give together."""
    reports = [chain.take_in(FILES[name], name) for name in names]
    assert (chain.table(ORDERS), chain.table(ORDER_LINES)) == at_once
    assert sum(report.accepted - report.replaced for report in reports) == 5
    assert sum(report.rows_in for report in reports) == 11
