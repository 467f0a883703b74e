"""Wishes that no world can fulfil are refused, with the number that is wrong."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from nextloop.errors import UsageFault
from nextloop.simulator import SimulatorConfig


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"hotels": 0}, "hotels is 0"),
        ({"weeks": 0}, "weeks is 0"),
        ({"orders": 0}, "orders is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"broken_rows": 1.5}, "broken_rows is 1.5"),
        ({"occupancy": 1.0}, "occupancy is 1.0"),
        ({"taste_strength": -1.0}, "taste_strength is -1.0"),
        ({"nights_mean": float("nan")}, "nights_mean is nan"),
        ({"menu_items": (10, 90)}, "menu_items is 10 to 90"),
        ({"menu_items": (90, 80)}, "menu_items is 90 to 80"),
        ({"start": date(2026, 9, 2)}, "start 2026-09-02 is a Wednesday"),
        ({"start": date(1900, 1, 1)}, "start 1900-01-01 is out of range"),
    ],
)
def test_a_number_out_of_range_is_named(wish: dict[str, Any], said: str) -> None:
    """A wrong number is refused with its name, its value and what to do."""
    with pytest.raises(UsageFault) as fault:
        SimulatorConfig(**wish)
    assert said in fault.value.message
    assert fault.value.hint


def test_files_are_named_after_the_iso_week_that_they_cover() -> None:
    """The year is the ISO week's, which at New Year is not the calendar's."""
    config = SimulatorConfig(start=date(2026, 12, 21), weeks=3)
    assert [config.file_name(week) for week in range(3)] == [
        "hotel-orders-2026-W52.csv",
        "hotel-orders-2026-W53.csv",
        "hotel-orders-2027-W01.csv",
    ]
