"""Recommender: one request of the API becomes a query that models understand.

A `Query` in the source's numbers goes in; arrays of one query come out, with the guest's history
looked up and what was ordered in this stay added to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from nextloop.recommender.arrays import Codes
from nextloop.recommender.dataset import UNKNOWN, Catalog
from nextloop.recommender.guests import Guests
from nextloop.recommender.queries import FADING, Queries

_EPOCH = date(1970, 1, 1).toordinal()
_WEEKDAY_OF_EPOCH = 3  # 1970-01-01 was a Thursday


@dataclass(frozen=True)
class Query:
    """What should be offered?

    Args:
        hotel: The source's number of the hotel.
        at: Instant in the hotel's own time zone, or only (hour 0-23, weekday with 0 = Monday).
        guest: Guest key; none for an anonymous room.
        stay_day: 0 on the day of check-in.
        nights: Nights of the stay.
        adults: Adults of the party.
        children: Children of the party.
        babies: Babies of the party.
        ordered: Item numbers ordered in this stay so far, one for each order with the item.
        cart: Item numbers in the order that is being made; they are not offered again.
        exclude: Item numbers never to offer.
        k: Most items to offer, 1 or more.
        per_department: Most items of one department; None is no limit.
    """

    hotel: int
    at: datetime | tuple[int, int]
    guest: str | None = None
    stay_day: int | None = None
    nights: int | None = None
    adults: int | None = None
    children: int | None = None
    babies: int | None = None
    ordered: tuple[int, ...] = ()
    cart: tuple[int, ...] = ()
    exclude: frozenset[int] = frozenset()
    k: int = 10
    per_department: int | None = None


def arrays_of(query: Query, catalog: Catalog, guests: Guests, as_of: int) -> Queries:
    """Look up all that is known for a query.

    What was ordered in this stay counts as history too, as it does in training. Orders that the
    guest's stored history already holds (since the check-in, or today) are not counted twice.

    Args:
        query: The request.
        catalog: The hotels' items.
        guests: Guests' histories up to `as_of`.
        as_of: Last day of the histories, in days since 1970-01-01.

    Returns:
        One query.

    Raises:
        UnknownHotel: If the hotel is not in the catalog.
    """
    hotel = catalog.hotel_code(query.hotel)
    rows = catalog.rows(hotel)
    day, hour, weekday = _moment(query.at, as_of)
    past_count = np.zeros(rows.stop - rows.start, np.float32)
    past_day = np.full(len(past_count), UNKNOWN, np.int32)
    since, own, past_orders = past_day.copy(), np.zeros(len(past_count)), 0
    guest = guests.find(hotel, query.guest) if query.guest else None
    if guest is not None:
        lines = slice(int(guests.start[guest]), int(guests.start[guest + 1]))
        place = guests.item[lines] - rows.start
        past_count[place], past_day[place] = guests.count[lines], guests.last_day[lines]
        own[place], since[place] = guests.own[lines], guests.since[lines]
        past_orders = int(guests.orders[guest])
    ordered = catalog.places(hotel, np.array(query.ordered, np.int64))
    in_stay = np.bincount(ordered, minlength=len(past_count)).astype(np.float32)
    fresh = np.where(past_day < day - (query.stay_day or 0), in_stay, np.float32(0))
    later = int(fresh.max(initial=0))
    own = own * past_orders * FADING**later + (1 - FADING**fresh) / (1 - FADING)
    past_orders += later
    since = np.where(fresh > 0, 0, np.where(since == UNKNOWN, UNKNOWN, since + later))
    cart = np.zeros((1, len(past_count)), np.float32)
    cart[0, catalog.places(hotel, np.array(query.cart, np.int64))] = 1
    return Queries(
        hotel=hotel,
        rows=rows,
        day=_one(day),
        hour=_one(hour),
        weekday=_one(weekday),
        stay_day=_one(query.stay_day),
        nights=_one(query.nights),
        adults=_one(query.adults),
        family=_one(_family(query)),
        past_orders=_one(past_orders),
        stay_count=in_stay[None, :],
        past_count=(past_count + fresh)[None, :],
        past_day=np.where(in_stay > 0, day, past_day).astype(np.int32)[None, :],
        own=(own / max(1, past_orders)).astype(np.float32)[None, :],
        since=since.astype(np.int32)[None, :],
        cart=cart,
    )


def _moment(at: datetime | tuple[int, int], as_of: int) -> tuple[int, int, int]:
    """Give day, hour and weekday; without a date, the first such weekday after the data."""
    if isinstance(at, datetime):
        return at.date().toordinal() - _EPOCH, at.hour, at.weekday()
    hour, weekday = at
    tomorrow = as_of + 1
    return tomorrow + (weekday - tomorrow - _WEEKDAY_OF_EPOCH) % 7, hour, weekday


def _family(query: Query) -> int | None:
    if query.children is None and query.babies is None:
        return None
    return (query.children or 0) + (query.babies or 0)


def _one(number: int | None) -> Codes:
    return np.array([UNKNOWN if number is None else number], np.int32)
