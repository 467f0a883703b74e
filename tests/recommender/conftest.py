"""Small feature tables written as orders, and one bigger world with planted habits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from nextloop.recommender.arrow import from_arrow
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.cross_fit import cross_fitted, rows_of
from nextloop.recommender.dataset import Dataset
from nextloop.recommender.queries import Histories
from nextloop.recommender.ranker import Trees, grow
from nextloop.recommender.split import Split
from nextloop.recommender.state import State
from nextloop.recommender.training import TrainingResult, train
from nextloop.tables import INTERACTIONS, ITEM_FEATURES

SEOUL = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True)
class Order:
    """One completed order as a person would note it down; times are Seoul's."""

    items: tuple[int, ...]
    at: str
    hotel: int = 1
    guest: str | None = None
    stay: str | None = None
    stay_day: int | None = None
    nights: int | None = None
    adults: int | None = None
    children: int | None = None
    babies: int | None = None

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at).replace(tzinfo=SEOUL)


@dataclass(frozen=True)
class Item:
    """One item of a menu."""

    item: int
    name: str = ""
    price: int = 10_000
    department: int | None = 1
    hotel: int = 1
    first: str | None = None


@dataclass(frozen=True)
class Tables:
    """Feature tables, and the dataset made of them."""

    interactions: pa.Table
    items: pa.Table

    @property
    def dataset(self) -> Dataset:
        return from_arrow(self.interactions, self.items)


def guest_key(name: str) -> str:
    """A key as the privacy module makes them: 64 hexadecimal digits."""
    return hashlib.sha256(name.encode()).hexdigest()


def feature_tables(
    orders: Sequence[Order], items: Sequence[Item] = (), as_of: str | None = None
) -> Tables:
    """Write orders, and the items that they and the menu name, as feature tables."""
    last = max((o.moment.date() for o in orders), default=date(2026, 3, 1))
    as_of_date = date.fromisoformat(as_of) if as_of else last
    lines = [
        _line(order, number, item, as_of_date)
        for number, order in enumerate(orders, start=1)
        for item in order.items
    ]
    menu = {(i.hotel, i.item): i for i in items}
    for order in orders:
        for item in order.items:
            menu.setdefault((order.hotel, item), Item(item, f"item {item}", hotel=order.hotel))
    rows = [_item(item, orders, as_of_date) for item in menu.values()]
    return Tables(
        pa.Table.from_pylist(lines, INTERACTIONS.schema),
        pa.Table.from_pylist(rows, ITEM_FEATURES.schema),
    )


def _line(order: Order, number: int, item: int, as_of: date) -> dict[str, object]:
    at = order.moment
    return {
        "as_of": as_of,
        "hotel": order.hotel,
        "order_seq": number,
        "item": item,
        "guest": guest_key(order.guest) if order.guest else None,
        "stay": order.stay or f"order {number}",
        "ordered_at": at.astimezone(UTC),
        "local_date": at.date(),
        "hour": at.hour,
        "weekday": at.weekday(),
        "stay_day": order.stay_day,
        "nights": order.nights,
        "adults": order.adults,
        "children": order.children,
        "babies": order.babies,
        "quantity": 1,
        "price": 10_000,
        "revenue": 10_000,
        "department": 1,
        "coupon": False,
    }


def _item(item: Item, orders: Sequence[Order], as_of: date) -> dict[str, object]:
    mine = [o.moment for o in orders if o.hotel == item.hotel and item.item in o.items]
    first = datetime.fromisoformat(item.first).replace(tzinfo=SEOUL) if item.first else None
    never = datetime(2026, 1, 1, tzinfo=UTC)
    return {
        "as_of": as_of,
        "hotel": item.hotel,
        "item": item.item,
        "item_name": item.name,
        "department": item.department,
        "price": item.price,
        "order_count": len(mine),
        "guest_count": 0,
        "quantity": len(mine),
        "revenue": 0,
        "order_count_28d": 0,
        "coupon_ratio": 0.0,
        "refused_ratio": 0.0,
        "first_ordered_at": first or min(mine, default=never),
        "last_ordered_at": max(mine, default=first or never),
        "wait_minutes_median": None,
    }


@dataclass(frozen=True)
class World:
    """Habits that were planted; all item numbers are of hotel 1 and of hotel 2 alike."""

    breakfast: tuple[int, ...] = (1, 2, 3)
    night: tuple[int, ...] = (4, 5, 6)
    family: tuple[int, ...] = (7, 8)
    pair: tuple[int, int] = (9, 10)
    favourites: tuple[int, ...] = tuple(range(11, 31))
    seed: int = 7
    orders: int = 2_400


def _party(rng: np.random.Generator) -> dict[str, Any]:
    children = int(rng.random() < 0.3) * 2
    return {"adults": 2, "children": children, "babies": 0}


def _choose(world: World, rng: np.random.Generator, order: Order, liked: int, had: set[int]) -> int:
    """Draw one item from the habits; the rest of the menu is a long tail."""
    if world.pair[0] in had and rng.random() < 0.6:
        return world.pair[1]
    if rng.random() < 0.5:
        return liked
    if order.children and rng.random() < 0.6:
        return int(rng.choice(world.family))
    hour = order.moment.hour
    if hour < 10 and rng.random() < 0.7:
        return int(rng.choice(world.breakfast))
    if hour >= 22 and rng.random() < 0.7:
        return int(rng.choice(world.night))
    return int(rng.choice([*world.pair[:1] * 4, *world.favourites]))


def planted(world: World) -> Tables:
    """Let guests stay and order over ten weeks by the planted habits."""
    rng = np.random.default_rng(world.seed)
    begin = datetime(2026, 1, 5, tzinfo=SEOUL)
    orders: list[Order] = []
    stays = 0
    while len(orders) < world.orders:
        stays += 1
        check_in = begin + timedelta(days=int(rng.integers(0, 68)))
        hotel, liked = int(rng.integers(1, 3)), int(rng.choice(world.favourites))
        guest = f"guest {stays}" if rng.random() < 0.9 else None
        party, had = _party(rng), set[int]()
        for stay_day in range(int(rng.integers(1, 4))):
            at = check_in + timedelta(days=stay_day, hours=int(rng.choice([8, 9, 13, 19, 22, 23])))
            order = Order((), f"{at:%Y-%m-%d %H:%M}", hotel, guest, f"stay {stays}", stay_day, 3)
            order = replace(order, **party)
            chosen = {_choose(world, rng, order, liked, had) for _ in range(2)}
            orders.append(replace(order, items=tuple(sorted(chosen))))
            had |= chosen
    return feature_tables(orders)


QUICK = TrainingConfig(
    holdout_days=14,
    validation_days=7,
    validation_orders=200,
    training_orders=1_500,
    trees=40,
    min_leaf_rows=20,
    bootstrap=50,
    min_training_orders=100,
)


@pytest.fixture(scope="session")
def order() -> type[Order]:
    """Write one order."""
    return Order


@pytest.fixture(scope="session")
def item() -> type[Item]:
    """Write one item of a menu."""
    return Item


@pytest.fixture(scope="session")
def tables() -> Callable[..., Tables]:
    """Make feature tables of orders and items."""
    return feature_tables


@pytest.fixture(scope="session")
def key() -> Callable[[str], str]:
    """Make a guest key of a name."""
    return guest_key


@pytest.fixture(scope="session")
def config() -> TrainingConfig:
    """A configuration that trains in about a second."""
    return QUICK


@pytest.fixture(scope="session")
def world() -> World:
    """The habits of the planted world."""
    return World()


@pytest.fixture(scope="session")
def planted_tables(world) -> Tables:
    """Ten weeks of two hotels with the planted habits."""
    return planted(world)


@pytest.fixture(scope="session")
def histories(planted_tables) -> Histories:
    """All orders of the planted world, to look back from."""
    data = planted_tables.dataset
    return Histories.of(data.catalog, data.interactions, 100)


@pytest.fixture(scope="session")
def split(histories, config) -> Split:
    """The planted world's time split."""
    return Split.of(histories.interactions, config)


@pytest.fixture(scope="session")
def counted(histories, split, config) -> State:
    """The planted world before the validation, counted."""
    menu = histories.catalog.known_before(split.validation_cut)
    teaching = histories.interactions.take(split.fit)
    return State.fit(teaching, menu, config, split.validation_cut - 1)


@pytest.fixture(scope="session")
def trees(histories, split, counted, config) -> Trees:
    """Trees grown on the planted world."""
    last_day = split.validation_cut - 1
    rows = cross_fitted(histories, counted.catalog, split, config, last_day)
    held = rows_of(histories, counted, np.flatnonzero(split.validation), config)
    return Trees(
        grow(rows.opening, held.opening, config), grow(rows.completing, held.completing, config)
    )


@pytest.fixture(scope="session")
def trained(planted_tables, config) -> TrainingResult:
    """The planted world, trained."""
    return train(planted_tables.dataset, config)
