"""A world has the shapes that were asked for, and each planted effect shows in its orders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from nextloop.simulator import SimulatorConfig, World, catalog, simulate
from nextloop.simulator.columns import CAUSES, OUTCOMES, PARTIES

NAMES = [category.name for category in catalog.load().categories]


def category_of_lines(world: World) -> npt.NDArray[np.int64]:
    return world.items.category[world.lines.item]


def share(world: World, name: str, mask: npt.NDArray[np.bool_]) -> float:
    """Share of the masked lines that are of a category."""
    return float((category_of_lines(world) == NAMES.index(name))[mask].mean())


def test_stays_have_the_stated_shapes(world: World) -> None:
    """Nights, adults, children and returning guests are near the figures of real stays."""
    stays = world.stays
    assert stays.nights.mean() == pytest.approx(3.39, abs=0.2)
    assert np.median(stays.nights) == 3
    assert stays.adults.mean() == pytest.approx(1.83, abs=0.03)
    assert stays.children.mean() == pytest.approx(0.10, abs=0.03)
    assert stays.babies.mean() == pytest.approx(0.01, abs=0.01)
    assert (np.bincount(stays.guest) > 1).mean() == pytest.approx(0.045, abs=0.01)


def test_no_room_is_let_twice_at_once(world: World) -> None:
    """In each room a guest has left before the next one arrives; so has each guest."""
    for owner in (world.stays.room, world.stays.guest):
        order = np.lexsort((world.stays.check_in, owner))
        same = owner[order][1:] == owner[order][:-1]
        after = world.stays.check_in[order][1:] > world.stays.check_out[order][:-1]
        assert after[same].all()


def test_as_many_orders_as_asked_for(world: World) -> None:
    """The orders are counted over all hotels and weeks, and a menu keeps to its limits."""
    assert len(world.orders) == 30_000
    assert 1.7 < len(world.lines) / len(world.orders) < 2.1
    sizes = np.bincount(world.items.hotel)
    assert sizes.min() >= 80
    assert sizes.max() <= 220


@pytest.mark.parametrize("orders", [1, 3])
def test_the_smallest_worlds_are_possible(orders: int) -> None:
    """A world may have hotels without any order."""
    assert len(simulate(SimulatorConfig(hotels=2, weeks=1, orders=orders)).orders) == orders


def test_orders_lie_within_their_stay_and_hours(world: World) -> None:
    """Nobody orders before check-in, after check-out, or from a closed department."""
    orders = world.orders
    assert (orders.reg_at > world.stays.check_in[orders.stay]).all()
    assert (orders.reg_at < world.stays.check_out[orders.stay]).all()
    hour = orders.hour[world.lines.order]
    for hotel in world.hotels:
        mine = orders.hotel[world.lines.order] == hotel.seq - 1
        for department in hotel.departments:
            its = mine & (world.items.department_seq[world.lines.item] == department.seq)
            assert catalog.is_open(department.open)[hour[its]].all()


def test_hotels_share_no_item_room_or_department(world: World) -> None:
    """Numbers of items, rooms and departments go on from hotel to hotel; guests' start at 1."""
    for column in (world.items.item_seq, world.rooms.room_seq):
        assert np.array_equal(column, np.arange(len(column)) + 1)
    kinds = [department.seq for hotel in world.hotels for department in hotel.departments]
    assert kinds == list(range(1, len(kinds) + 1))
    for hotel in range(3):
        numbers = world.guests.customer_seq[world.guests.hotel == hotel]
        known = numbers[numbers > 0]
        assert np.array_equal(known, np.arange(len(known)) + 1)


def test_the_hour_shows(world: World) -> None:
    """Breakfast is ordered in the morning, chicken in the evening."""
    hour = world.orders.hour[world.lines.order]
    morning, evening = (hour >= 7) & (hour < 10), (hour >= 20) & (hour < 23)
    assert share(world, "breakfast", morning) > 0.3
    assert share(world, "breakfast", evening) == 0
    assert share(world, "chicken", evening) > 5 * share(world, "chicken", morning)


def test_the_party_shows(world: World) -> None:
    """Families order what children eat, almost nobody else does."""
    party = world.stays.party[world.orders.stay[world.lines.order]]
    family = party == PARTIES.index("family")
    assert share(world, "kids", family) > 20 * share(world, "kids", ~family)
    assert share(world, "wine", party == 1) > 2 * share(world, "wine", party == 0)


def test_the_day_of_the_stay_shows(world: World) -> None:
    """Toothbrushes are asked for on arrival, luggage is fetched on the last day."""
    part = world.orders.stay_part[world.lines.order]
    assert share(world, "amenity", part == 0) > 2 * share(world, "amenity", part == 2)
    assert share(world, "concierge", part == 3) > 2 * share(world, "concierge", part == 2)


def test_what_was_liked_is_ordered_again(world: World) -> None:
    """Without the pull of what was liked, far fewer lines repeat an earlier one."""
    without = simulate(replace(world.config, repeat_strength=0.0))
    assert world.lines.again.mean() > 1.3 * without.lines.again.mean()


def test_what_goes_together_is_ordered_together(world: World) -> None:
    """Without pairs, beer comes far less often with chicken."""
    without = simulate(replace(world.config, pair_strength=0.0))

    def beer_with_chicken(some: World) -> float:
        category = category_of_lines(some)
        beer, chicken = (
            np.bincount(some.lines.order, category == NAMES.index(name)) > 0
            for name in ("beer", "chicken")
        )
        wide = some.orders.line_count > 1
        return float(beer[chicken & wide].mean())

    assert beer_with_chicken(world) > 2 * beer_with_chicken(without)


def test_tastes_show(world: World) -> None:
    """Kinds of guests order different things."""
    kinds = [kind.name for kind in catalog.load().kinds]
    kind = world.guests.kind[world.orders.guest[world.lines.order]]
    sweet, owl = (kind == kinds.index(name) for name in ("sweet_tooth", "night_owl"))
    assert share(world, "cake", sweet) > 5 * share(world, "cake", owl)
    assert share(world, "spirits", owl) > 5 * share(world, "spirits", sweet)


def test_a_coupon_draws_orders(world: World) -> None:
    """Coupons are given by lot, so those who hold one differ by its effect only."""
    category = category_of_lines(world)
    held = world.stays.coupon[world.orders.stay[world.lines.order]]
    hotel = world.orders.hotel[world.lines.order]
    with_one, without = 0.0, 0.0
    for one in world.hotels:
        for place, coupon in enumerate(one.coupons):
            mine = (category == coupon.category) & (hotel == one.seq - 1)
            base = hotel == one.seq - 1
            with_one += mine[base & (held == place)].mean()
            without += mine[base & (held == -1)].mean()
    assert 1.4 < with_one / without < 2.6  # exp(0.8) = 2.2 before saturation


def test_load_delays_and_refuses(world: World) -> None:
    """Beyond capacity departments answer later, take longer, and refuse more."""
    orders = world.orders
    full, calm = orders.load > 1.3, orders.load < 0.7
    waited = orders.ack_at - orders.reg_at
    assert np.median(waited[full]) > 1.8 * np.median(waited[calm])
    done = orders.outcome == OUTCOMES.index("complete")
    took = orders.end_at - orders.reg_at
    assert np.median(took[full & done]) > 1.3 * np.median(took[calm & done])
    refused = orders.outcome == OUTCOMES.index("refused")
    assert refused[full].mean() > 2 * refused[calm].mean()
    assert set(np.unique(orders.cause[refused]).tolist()) == {1, 2, 3}
    assert (orders.cause[~refused] == CAUSES.index("none")).all()
    assert (orders.load > 1).mean() == pytest.approx(world.config.overload, abs=0.08)


def test_requests_are_a_good_part_of_the_work(world: World) -> None:
    """Three in ten lines are price-0 requests, which bring nothing in."""
    free = world.items.price[world.lines.item] == 0
    assert 0.2 < free.mean() < 0.4
    assert (world.lines.result_price[free] == 0).all()
