from __future__ import annotations

import numpy as np
import pytest

from nextloop.errors import DataFault
from nextloop.recommender.dataset import UNKNOWN, UnknownHotel


def test_orders_stand_by_time_with_their_items_ascending(tables, order):
    """Orders come sorted by instant and hold the rows of their items."""
    data = tables(
        [order((3, 1), "2026-03-02 20:00"), order((2,), "2026-03-01 09:00", hotel=2)]
    ).dataset

    orders = data.interactions
    assert orders.order_seq.tolist() == [2, 1]
    assert orders.hour.tolist() == [9, 20]
    assert data.catalog.item.tolist() == [1, 3, 2]
    assert np.split(orders.item, orders.start[1:-1])[0].tolist() == [2]
    assert np.split(orders.item, orders.start[1:-1])[1].tolist() == [0, 1]


def test_the_sequence_of_rows_does_not_matter(tables, order):
    """Shuffled tables give an equal dataset."""
    made = tables(
        [order((i % 4, 5), f"2026-03-0{1 + i} 10:00", guest=f"g{i % 3}") for i in range(8)]
    )
    rng = np.random.default_rng(1)
    a = made.dataset
    b = type(made)(
        made.interactions.take(rng.permutation(made.interactions.num_rows)),
        made.items.take(rng.permutation(made.items.num_rows)),
    ).dataset

    for name, column in vars(a.interactions).items():
        np.testing.assert_array_equal(column, getattr(b.interactions, name), err_msg=name)
    assert a.catalog.name == b.catalog.name
    np.testing.assert_array_equal(a.guest_key, b.guest_key)


def test_what_is_not_recorded_is_unknown_and_not_zero(tables, order):
    """Nulls become UNKNOWN; a party with a recorded 0 of children stays at 0."""
    orders = tables(
        [
            order((1,), "2026-03-01 10:00"),
            order((1,), "2026-03-02 10:00", adults=2, children=0, babies=None),
        ]
    ).dataset.interactions

    assert orders.guest.tolist() == [UNKNOWN, UNKNOWN]
    assert orders.adults.tolist() == [UNKNOWN, 2]
    assert orders.family.tolist() == [UNKNOWN, 0]


def test_one_guest_key_in_two_hotels_is_two_guests(tables, order):
    """Guests are coded by hotel and key, so hotels never share a history."""
    data = tables(
        [
            order((1,), "2026-03-01 10:00", hotel=1, guest="kim"),
            order((1,), "2026-03-02 10:00", hotel=2, guest="kim"),
        ]
    ).dataset

    assert data.interactions.guest.tolist() == [0, 1]
    assert data.guest_hotel.tolist() == [0, 1]
    assert data.guest_key[0] == data.guest_key[1]


def test_an_item_is_as_old_as_its_first_order_by_the_hotels_clock(tables, order):
    """An order at 01:00 in Seoul belongs to that day, though UTC is a day behind."""
    data = tables([order((1,), "2026-03-02 01:00")]).dataset

    assert data.catalog.first_day.tolist() == data.interactions.day.tolist()


def test_an_item_that_is_not_in_the_catalog_is_named(tables, order):
    """Feature tables that do not fit each other are refused with the item's number."""
    made = tables([order((1, 77), "2026-03-01 10:00")])
    with pytest.raises(DataFault, match="item 77 of hotel 1"):
        _ = type(made)(made.interactions, made.items.slice(0, 1)).dataset


def test_an_empty_catalog_is_refused(tables):
    """Without any item there is nothing to train on."""
    with pytest.raises(DataFault, match="item_features has no rows"):
        _ = tables([]).dataset


def test_items_without_a_price_are_not_offered(tables, order, item):
    """A price-0 request is in the catalog and never on offer."""
    data = tables([order((1,), "2026-03-01 10:00")], [item(1), item(2, "towel", price=0)]).dataset

    assert data.catalog.offered.tolist() == [True, False]


def test_an_unknown_hotel_is_named(tables, order):
    """Looking up a hotel that is not in the catalog says which."""
    catalog = tables([order((1,), "2026-03-01 10:00", hotel=5)]).dataset.catalog

    assert catalog.hotel_code(5) == 0
    for hotel in (4, 6):
        with pytest.raises(UnknownHotel, match=f"hotel {hotel} "):
            catalog.hotel_code(hotel)


def test_places_leave_out_what_the_hotel_does_not_have(tables, order):
    """Items of other hotels and unknown numbers have no place on a menu."""
    catalog = tables(
        [order((10, 30), "2026-03-01 10:00", hotel=1), order((20,), "2026-03-01 11:00", hotel=2)]
    ).dataset.catalog

    assert catalog.places(0, np.array([30, 20, 10, 99])).tolist() == [1, 0]
