"""The catalogue's two files fit together."""

from __future__ import annotations

import numpy as np
import pytest

from nextloop.simulator import catalog
from nextloop.simulator.catalog import is_open


def test_categories_and_dishes_fit() -> None:
    """Every category has a department, dishes of one sort, and effects of the right length."""
    source = catalog.load()
    for category in source.categories:
        assert category.department in source.departments
        assert len(category.dishes) > 2
        assert {dish.price > 0 for dish in category.dishes} == {category.paid}
        assert len(category.stay) == len(category.party) == 4
        assert len(category.taste) == len(source.axes)
    assert sum(kind.share for kind in source.kinds) == pytest.approx(1.0)
    assert len(source.weekday_hours) == len(source.weekend_hours) == 24


def test_no_name_occurs_twice() -> None:
    """Dishes and their variants all have names of their own, in Korean and in English."""
    categories = catalog.load().categories
    dishes = [(d.korean, d.english) for c in categories for d in c.dishes]
    variants = [
        (f"{d.korean} {korean}", f"{d.english} {english}")
        for c in categories
        for korean, english, _ in c.variants
        for d in c.dishes
    ]
    for language in zip(*dishes, *variants, strict=True):
        assert len(set(language)) == len(language)


def test_every_category_is_served_within_its_departments_hours() -> None:
    """Serving hours leave hours in which the department is open, even if it opens an hour later."""
    source = catalog.load()
    for category in source.categories:
        opens, closes = source.departments[category.department][1]
        assert is_open(category.served)[is_open((opens + 1, closes - 1))].any(), category.name


def test_opening_hours_may_pass_midnight() -> None:
    """16 to 26 is open from 16 h until 2 h."""
    assert np.flatnonzero(is_open((16, 26))).tolist() == [0, 1, *range(16, 24)]
    assert np.flatnonzero(is_open((10, 12))).tolist() == [10, 11]
