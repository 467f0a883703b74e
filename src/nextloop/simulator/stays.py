"""Stays: lettings with their guests, parties, coupons and expected departures.

In comes a hotel, out go its stays (ordering or not) and its guests.
"""

from __future__ import annotations

import numpy as np

from nextloop.simulator.clock import DAY, HOUR
from nextloop.simulator.columns import Guests, Ints, Stays
from nextloop.simulator.config import SimulatorConfig
from nextloop.simulator.guests import register, who_comes
from nextloop.simulator.hotels import Hotel
from nextloop.simulator.lettings import let_rooms
from nextloop.simulator.parties import parties
from nextloop.simulator.streams import stream

UNREGISTERED = 0.5
"""Share of anonymous stays of which neither party nor dates are known."""
EARLY_LEAVERS, EXTENDERS = 0.03, 0.03
"""Shares of stays that end a day before and a day after what was expected."""
EXPECTED_CHECK_OUT = 11 * HOUR


def make_stays(
    config: SimulatorConfig, hotel: Hotel, first_guest: int, first_room: int
) -> tuple[Stays, Guests]:
    """Fill a hotel's rooms with guests.

    Args:
        config: Dates, means and shares count.
        hotel: Its rooms and coupons count.
        first_guest: Row of its first guest among all guests.
        first_room: Row of its first room among all rooms.

    Returns:
        Stays that reach into the files' days, by check-in, and their guests, by first check-in.
    """
    rng = stream(config.seed, "stays", hotel.seq)
    let = let_rooms(config, rng, len(hotel.rooms))
    anonymous = rng.random(len(let)) < config.anonymous
    first_stay = who_comes(config, rng, let, anonymous)
    guests, guest = register(config, hotel.seq - 1, first_stay, anonymous)
    people = parties(config, rng, first_stay)
    given = rng.integers(0, len(hotel.coupons), len(let))
    stays = Stays(
        hotel=np.full(len(let), hotel.seq - 1),
        guest=first_guest + guest,
        room=first_room + let.room,
        check_in=let.arrive,
        check_out=let.leave,
        check_out_expected=_expected(rng, let.leave, let.nights),
        nights=let.nights,
        adults=people.adults,
        children=people.children,
        babies=people.babies,
        party=people.party,
        coupon=np.where(rng.random(len(let)) < config.coupons, given, -1),
        visitor_cnt=people.visitor_cnt,
        registered=~anonymous | (rng.random(len(let)) >= UNREGISTERED),
    )
    return stays, guests


def _expected(rng: np.random.Generator, leave: Ints, nights: Ints) -> Ints:
    """Return the departure as it was expected: 11 h, on some stays a day later or earlier."""
    lot = rng.random(len(nights))
    extended = (nights > 1) & (lot < EXTENDERS)
    days = np.where(lot > 1 - EARLY_LEAVERS, 1, np.where(extended, -1, 0))
    return (leave // DAY + days) * DAY + EXPECTED_CHECK_OUT
