"""What can be on a simulated menu: `categories.toml` and `menu.csv`, read once and checked.

In come the two files of this package, out go departments, kinds of guest, categories and dishes.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from nextloop.simulator.columns import Floats

HOURS = 24
ALL_DAY = (0, HOURS)


@dataclass(frozen=True)
class Dish:
    """One thing that can be ordered: its names and its price in won, 0 for a request."""

    korean: str
    english: str
    price: int

    @property
    def name(self) -> str:
        """The name as orders show it: Korean, then English."""
        return f"{self.korean} {self.english}"


@dataclass(frozen=True)
class Category:
    """A kind of item and what moves its choice; `categories.toml` says what each number means."""

    name: str
    department: str
    share: float
    served: tuple[int, int]
    peaks: tuple[tuple[float, float, float], ...]
    off: float
    weekend: float
    stay: tuple[float, ...]
    party: tuple[float, ...]
    taste: tuple[float, ...]
    repeat: float
    minutes: float
    promise: int
    spread: float
    more: float
    variants: tuple[tuple[str, str, float], ...]
    dishes: tuple[Dish, ...]

    @property
    def paid(self) -> bool:
        """Whether its items cost money; the others are requests."""
        return self.dishes[0].price > 0

    def hour_effect(self) -> Floats:
        """Return the log effect of each hour of the day, shape `(24,)`, opening hours aside."""
        hours = np.arange(HOURS, dtype=np.float64)
        effect = np.full(HOURS, self.off)
        for centre, width, height in self.peaks:
            away = np.abs(hours + 0.5 - centre)
            away = np.minimum(away, HOURS - away)
            bump = self.off + (height - self.off) * np.exp(-0.5 * (away / width) ** 2)
            effect = np.maximum(effect, bump)
        return effect


@dataclass(frozen=True)
class Kind:
    """A kind of guest: its share and the centre of its taste."""

    name: str
    share: float
    centre: tuple[float, ...]


@dataclass(frozen=True)
class Catalog:
    """All that hotels draw from."""

    departments: dict[str, tuple[str, tuple[int, int]]]
    weekday_hours: tuple[float, ...]
    weekend_hours: tuple[float, ...]
    axes: tuple[str, ...]
    kinds: tuple[Kind, ...]
    categories: tuple[Category, ...]
    pairs: tuple[tuple[int, int, float], ...]


@cache
def load() -> Catalog:
    """Read the catalogue of this package.

    Returns:
        The catalogue; categories in the file's order, which fixes their numbers.
    """
    folder = resources.files(__package__)
    raw = tomllib.loads((folder / "categories.toml").read_text(encoding="utf-8"))
    dishes = _dishes((folder / "menu.csv").read_text(encoding="utf-8"))
    categories = tuple(
        _category(name, values, dishes[name]) for name, values in raw["categories"].items()
    )
    number = {category.name: index for index, category in enumerate(categories)}
    return Catalog(
        departments={
            name: (value["name"], (value["open"][0], value["open"][1]))
            for name, value in raw["departments"].items()
        },
        weekday_hours=tuple(raw["moments"]["weekday"]),
        weekend_hours=tuple(raw["moments"]["weekend"]),
        axes=tuple(raw["tastes"]["axes"]),
        kinds=tuple(
            Kind(name, value["share"], tuple(value["centre"]))
            for name, value in raw["tastes"]["kinds"].items()
        ),
        categories=categories,
        pairs=tuple((number[a], number[b], lift) for a, b, lift in raw["pairs"]["rows"]),
    )


def is_open(span: tuple[int, int]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell for each hour of the day whether it lies in a span that may pass midnight."""
    hours = np.arange(HOURS)
    return (hours >= span[0]) & (hours < span[1]) | (hours + HOURS < span[1])


def _dishes(text: str) -> dict[str, tuple[Dish, ...]]:
    found: dict[str, list[Dish]] = {}
    for row in csv.DictReader(text.splitlines()):
        dish = Dish(row["korean"], row["english"], int(row["price"]))
        found.setdefault(row["category"], []).append(dish)
    return {name: tuple(dishes) for name, dishes in found.items()}


def _category(name: str, raw: dict[str, Any], dishes: tuple[Dish, ...]) -> Category:
    values = {key: _frozen(value) for key, value in raw.items()}
    return Category(name=name, dishes=dishes, **{"served": ALL_DAY, **values})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value
