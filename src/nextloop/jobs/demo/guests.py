"""Three guests to ask for: a regular, a family on its first morning, a room with nobody known.

In comes the truth of the simulated hotels, out go requests as a hotel's app would send them: it
knows its guest's number, the stay, the party and what was ordered since check-in.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

OFFERS = 5
"""Offers a guest: what fits on a phone's screen."""
_FAVOURITES = 3
_BREAKFAST, _DINNER, _LATE = 8, 19, 23
Row = dict[str, Any]


@dataclass(frozen=True)
class Guest:
    """Whom the API is asked for.

    Attributes:
        title: Who it is.
        title_ko: The same in Korean.
        facts: What the hotel's app knows.
        facts_ko: The same in Korean.
        favourites: Items that the guest ordered most so far, with how often.
        question: The request's body, without a language.
    """

    title: str
    title_ko: str
    facts: str
    facts_ko: str
    favourites: tuple[tuple[str, int], ...]
    question: dict[str, Any]


def three_guests(truth: Path, as_of: dt.date) -> list[Guest]:
    """Choose whom to ask for on the day after the last that was learned from.

    Args:
        truth: The simulator's truth folder.
        as_of: The last day that was learned from.

    Returns:
        The regular, the family and the room, each in another hotel if there are so many; equal
        for equal truth.
    """
    day = as_of + dt.timedelta(days=1)
    world = _World.read(truth)
    regular = _regular(world, day)
    others = [hotel for hotel in world.hotels if hotel != regular.question["hotel_seq"]]
    hotels = others or world.hotels
    newcomer = 1 + max(number for number in world.customers if number is not None)
    return [regular, _family(hotels[0], newcomer, day), _room(hotels[-1], day)]


@dataclass(frozen=True)
class _World:
    """What of the truth a hotel's own systems know.

    Attributes:
        hotels: Every hotel_seq.
        customers: Each guest's number, None for one who has none.
        stays: All stays; orders name them by place.
        orders: Completed orders, oldest first.
        lines: Items of all orders.
        names: Each item's name.
        prices: Each item's price.
    """

    hotels: list[int]
    customers: list[int | None]
    stays: list[Row]
    orders: list[Row]
    lines: pa.Table
    names: dict[int, str]
    prices: dict[int, int]

    @classmethod
    def read(cls, truth: Path) -> Self:
        """Read a truth folder."""

        def table(name: str, *columns: str) -> pa.Table:
            return pq.read_table(truth / f"{name}.parquet", columns=list(columns) or None)

        orders = table("orders", "order_seq", "stay", "guest", "reg_at", "outcome")
        items = table("items", "item_seq", "name", "price").to_pylist()
        return cls(
            table("hotels")["hotel_seq"].to_pylist(),
            table("guests")["customer_seq"].to_pylist(),
            table("stays").to_pylist(),
            orders.filter(pc.equal(orders["outcome"], "complete")).to_pylist(),
            table("lines", "order_seq", "item_seq"),
            {item["item_seq"]: item["name"] for item in items},
            {item["item_seq"]: item["price"] for item in items},
        )

    def items(self, orders: Sequence[Row], *, paid: bool = False) -> list[int]:
        """Return what was ordered, or only what costs something, one for each order with it."""
        numbers = pa.array([order["order_seq"] for order in orders], pa.int64())
        found = self.lines.filter(pc.is_in(self.lines["order_seq"], numbers)).to_pylist()
        pairs = dict.fromkeys((line["order_seq"], line["item_seq"]) for line in found)
        ordered = [item for _, item in sorted(pairs, key=lambda pair: pair[0])]
        return [item for item in ordered if not paid or self.prices[item]]


def _regular(world: _World, day: dt.date) -> Guest:
    """Take who is in the middle of a stay, has ordered in it, and ordered most in earlier ones.

    A small world may have nobody in the house: then who ordered most comes again.
    """
    past: dict[int, list[Row]] = defaultdict(list)
    for order in world.orders:
        past[order["guest"]].append(order)

    def rank(number: int) -> tuple[bool, bool, int, int, int]:
        stay = world.stays[number]
        here = stay["check_in"].date() < day < stay["check_out_expected"].date()
        orders = past[stay["guest"]]
        in_stay = sum(order["stay"] == number for order in orders)
        return here, here and in_stay > 0, len(orders) - in_stay, len(orders), -number

    known = [
        number
        for number, stay in enumerate(world.stays)
        if stay["registered"] and world.customers[stay["guest"]] is not None
    ]
    chosen = max(known, key=rank)
    stay = world.stays[chosen]
    orders = past[stay["guest"]]
    if not rank(chosen)[0]:
        week = dt.timedelta(days=7)
        stay = stay | {"check_in": _noon(day) - week / 7, "check_out_expected": _noon(day) + week}
        chosen = -1
    return _known_guest(world, stay, orders, [o for o in orders if o["stay"] == chosen], day)


def _known_guest(
    world: _World, stay: Row, orders: Sequence[Row], in_stay: Sequence[Row], day: dt.date
) -> Guest:
    check_in, check_out = stay["check_in"].date(), stay["check_out_expected"].date()
    night, nights = (day - check_in).days + 1, (check_out - check_in).days
    party = {name: stay[name] for name in ("adults", "children", "babies")}
    favourites = Counter(world.names[item] for item in world.items(orders, paid=True))
    who, who_ko = _people(party)
    return Guest(
        title="A regular in the middle of a stay",
        title_ko="투숙 중인 단골 손님",
        facts=f"hotel {stay['hotel_seq']}, {_DINNER}:00 on day {night} "
        f"of a stay of {nights} nights, {who}; "
        f"{len(orders)} orders so far, {len(in_stay)} of them in this stay",
        facts_ko=f"호텔 {stay['hotel_seq']}, {nights}박 일정의 {night}일째 {_DINNER}시, {who_ko}, "
        f"지금까지 주문 {len(orders)}건 (이번 투숙 {len(in_stay)}건)",
        favourites=tuple(favourites.most_common(_FAVOURITES)),
        question=_question(stay["hotel_seq"], day, _DINNER)
        | {
            "customer_seq": world.customers[stay["guest"]],
            "stay": {"check_in": check_in.isoformat(), "check_out": check_out.isoformat()},
            "party": party,
            "ordered": world.items(in_stay),
        },
    )


def _people(party: Mapping[str, int]) -> tuple[str, str]:
    adults, young = party["adults"], party["children"] + party["babies"]
    who, who_ko = f"{adults} adult{'s' * (adults != 1)}", f"어른 {adults}명"
    if not young:
        return who, who_ko
    return f"{who} and {young} {'child' if young == 1 else 'children'}", f"{who_ko} 아이 {young}명"


def _family(hotel: int, customer: int, day: dt.date) -> Guest:
    first, last = day - dt.timedelta(days=1), day + dt.timedelta(days=2)
    return Guest(
        title="A family on its first morning",
        title_ko="처음 온 가족의 아침",
        facts=f"hotel {hotel}, {_BREAKFAST}:00 on day 2 of a stay of 3 nights, "
        "2 adults and 2 children; never here before",
        facts_ko=f"호텔 {hotel}, 3박 일정의 2일째 {_BREAKFAST}시, 어른 2명 아이 2명, 첫 방문",
        favourites=(),
        question=_question(hotel, day, _BREAKFAST)
        | {
            "customer_seq": customer,
            "stay": {"check_in": first.isoformat(), "check_out": last.isoformat()},
            "party": {"adults": 2, "children": 2, "babies": 0},
        },
    )


def _room(hotel: int, day: dt.date) -> Guest:
    return Guest(
        title="A room whose guest is not known",
        title_ko="손님을 모르는 객실",
        facts=f"hotel {hotel}, {_LATE}:00; neither guest nor party nor stay is known",
        facts_ko=f"호텔 {hotel}, {_LATE}시, 손님·인원·투숙 정보 없음",
        favourites=(),
        question=_question(hotel, day, _LATE),
    )


def _question(hotel: int, day: dt.date, hour: int) -> dict[str, Any]:
    return {"hotel_seq": hotel, "at": f"{day}T{hour:02}:00:00", "k": OFFERS}


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12))
