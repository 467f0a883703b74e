from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextloop.errors import DataFault
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import Interactions
from nextloop.recommender.split import Split

PARTY = ("stay_day", "nights", "adults", "children", "babies")
CONFIG = TrainingConfig(holdout_days=2, validation_days=2, validation_orders=1)


def test_a_stay_over_the_cut_teaches_nothing_and_is_asked_after_it(tables, order):
    """Of a stay on both sides only the orders after the cut are used, and only as questions."""
    days = [order((1,), f"2026-03-{day:02d} 10:00") for day in range(1, 11)]
    over = [
        order((2,), "2026-03-08 12:00", stay="over", guest="kim"),
        order((3,), "2026-03-09 12:00", stay="over", guest="kim"),
    ]
    orders = tables([*days, *over]).dataset.interactions

    split = Split.of(orders, CONFIG)

    assert orders.order_seq[split.fit].tolist() == [1, 2, 3, 4, 5, 6]
    assert orders.order_seq[split.validation].tolist() == [7, 8]
    assert orders.order_seq[split.before_test].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert orders.order_seq[split.test].tolist() == [9, 12, 10]


def _orders(rows: list[tuple[int, int]]) -> Interactions:
    rows = sorted(rows)
    day = np.array([row[0] for row in rows], np.int32)
    stay = np.array([row[1] for row in rows], np.int32)
    same = dict.fromkeys(("hotel", "guest", "hour", "weekday", *PARTY), np.zeros_like(day))
    return Interactions(
        order_seq=np.arange(len(rows)),
        stay=stay,
        at=day.astype(np.int64),
        day=day,
        start=np.zeros(len(rows) + 1, np.int64),
        item=np.zeros(0, np.int32),
        **same,
    )


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), min_size=1, max_size=40))
def test_no_stay_is_in_two_parts_and_nothing_teaches_from_after_a_cut(rows):
    """What teaches is before the cut, what is asked is after it, and they share no stay."""
    orders = _orders(rows)
    split = Split.of(orders, CONFIG)

    for teaches, asked, cut in (
        (split.fit, split.validation, split.validation_cut),
        (split.before_test, split.test, split.cut),
    ):
        assert (orders.day[teaches] < cut).all()
        assert (orders.day[asked] >= cut).all()
        assert not set(orders.stay[teaches]) & set(orders.stay[asked])
    assert not set(orders.stay[split.validation]) & set(orders.stay[split.test])
    assert (split.test == (orders.day >= split.cut)).all()


@pytest.mark.parametrize(("wanted", "got"), [(1, 2), (4, 4), (100, 5)])
def test_few_orders_a_day_lengthen_the_validation(tables, order, wanted, got):
    """The validation grows backwards to its least orders, up to a quarter of the days."""
    orders = tables([order((1,), f"2026-03-{day:02d} 10:00") for day in range(1, 23)])
    config = TrainingConfig(holdout_days=2, validation_days=2, validation_orders=wanted)

    assert Split.of(orders.dataset.interactions, config).validation.sum() == got


def test_short_data_leave_three_quarters_to_learn_from(tables, order):
    """With fewer days than the test and the validation wish for, both shrink."""
    orders = tables([order((1,), f"2026-03-{day:02d} 10:00") for day in range(1, 9)])
    split = Split.of(orders.dataset.interactions, TrainingConfig(holdout_days=14))

    assert [int(f.sum()) for f in (split.fit, split.validation, split.test)] == [5, 1, 2]


def test_one_day_of_data_has_no_test(tables, order):
    """A single day only teaches."""
    split = Split.of(tables([order((1,), "2026-03-01 10:00")]).dataset.interactions, CONFIG)

    assert split.fit.tolist() == [True]
    assert not split.test.any()


def test_no_orders_at_all_are_a_fault(tables, item):
    """Without orders there is nothing to split, and the message says so."""
    with pytest.raises(DataFault, match="no completed, paid orders"):
        Split.of(tables([], [item(1)]).dataset.interactions, CONFIG)
