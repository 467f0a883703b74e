"""What an order costs: how many of each item, what comes free, and what a coupon takes off.

In come a hotel's lines, out come counts and prices. A stay's coupon is used once, on the first
line of its category.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nextloop.simulator import catalog
from nextloop.simulator.columns import Flags, Ints, Stays
from nextloop.simulator.config import SimulatorConfig
from nextloop.simulator.hotels import Hotel
from nextloop.simulator.streams import stream

REDEEMED = 0.85
"""Share of coupons used when the guest orders from their category."""
ON_THE_HOUSE = 0.004
"""Share of paid lines of two or more of which one comes free without a coupon."""
COIN = 10
"""Won below which prices are not split."""
SURCHARGE = 500
"""Won; an odd price is some of these above the sum of its lines."""
MOST_PEOPLE = 6


@dataclass(frozen=True)
class Bills:
    """One row a line; `coupon` is the couponSeq, 0 for none."""

    count: Ints
    free_count: Ints
    coupon: Ints
    result_price: Ints


def bill(config: SimulatorConfig, hotel: Hotel, stays: Stays, stay: Ints, item: Ints) -> Bills:
    """Price a hotel's lines.

    Args:
        config: The seed counts.
        hotel: Its menu and coupons count.
        stays: Its stays.
        stay: Each line's stay, lines of a stay in order of time.
        item: Each line's item, counted from 0 on the hotel's menu.

    Returns:
        Counts and won.
    """
    rng = stream(config.seed, "bills", hotel.seq)
    category = hotel.items.category[item]
    price = hotel.items.price[item]
    more = np.array([kind.more for kind in catalog.load().categories])[category]
    people = (stays.adults + stays.children)[stay]
    count = 1 + rng.binomial(np.clip(people - 1, 1, MOST_PEOPLE), more)
    used = _redeemed(rng, hotel, stays, stay, category)
    held = stays.coupon[stay]
    percent = np.array([coupon.percent for coupon in hotel.coupons])[held]
    treat = (rng.random(len(item)) < ON_THE_HOUSE) & (price > 0) & (count > 1)
    free = (treat | (used & (percent == 0))).astype(np.int64)
    full = price * (count - free)
    less = full * (100 - percent) // 100 // COIN * COIN
    seqs = np.array([coupon.seq for coupon in hotel.coupons])[held]
    return Bills(
        count=count,
        free_count=free,
        coupon=np.where(used, seqs, 0),
        result_price=np.where(used, less, full),
    )


def order_prices(
    config: SimulatorConfig, hotel: Hotel, order: Ints, result_price: Ints, orders: int
) -> Ints:
    """Sum lines up to orders; rarely the sum is not what the order says.

    Args:
        config: `odd_prices` counts.
        hotel: The hotel.
        order: Each line's order, counted from 0.
        result_price: Each line's price.
        orders: Number of orders.

    Returns:
        The order_price of each order as sent, won.
    """
    rng = stream(config.seed, "odd prices", hotel.seq)
    total = np.zeros(orders, dtype=np.int64)
    np.add.at(total, order, result_price)
    odd = rng.random(orders) < config.odd_prices
    return total + odd * rng.integers(1, 7, orders) * SURCHARGE


def _redeemed(
    rng: np.random.Generator, hotel: Hotel, stays: Stays, stay: Ints, category: Ints
) -> Flags:
    offered = np.array([coupon.category for coupon in hotel.coupons])[stays.coupon[stay]]
    fits = np.flatnonzero((stays.coupon[stay] >= 0) & (offered == category))
    _, first = np.unique(stay[fits], return_index=True)
    used = np.zeros(len(stay), dtype=np.bool_)
    used[fits[first]] = rng.random(len(first)) < REDEEMED
    return used
