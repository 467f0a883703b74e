"""Recommender: Arrow tables `interactions` and `item_features` -> `Dataset`.

The only module here that needs pyarrow: the API loads a bundle without it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextloop.errors import DataFault
from nextloop.recommender.arrays import Array, Codes, Ints
from nextloop.recommender.dataset import UNKNOWN, Catalog, Dataset, Interactions

_SEQUENCE = ("ordered_at", "hotel", "order_seq", "item")
_COUNTS = ("stay_day", "nights", "adults", "children", "babies")


def from_arrow(interactions: pa.Table, items: pa.Table) -> Dataset:
    """Code the feature tables for training.

    Args:
        interactions: Table `interactions`, one row an (order, item), any row order.
        items: Table `item_features`, one row a (hotel, item), any row order.

    Returns:
        The dataset, equal for equal sets of rows.

    Raises:
        DataFault: If `items` is empty or an ordered item is missing from it.
    """
    if items.num_rows == 0:
        raise DataFault(
            "the table item_features has no rows", "ingest orders and run `nextloop features`"
        )
    catalog = _catalog(items.sort_by([("hotel", "ascending"), ("item", "ascending")]))
    lines = interactions.sort_by([(key, "ascending") for key in _SEQUENCE])
    hotel = np.searchsorted(catalog.hotel, _ints(lines, "hotel"))
    item = _item_rows(catalog, hotel, lines)
    first = _first_lines(hotel, _ints(lines, "order_seq"))
    heads = lines.take(first)
    stay, _, _ = _codes(hotel[first], *_words(heads, "stay"))
    guest, guest_hotel, guest_key = _codes(hotel[first], *_words(heads, "guest"))
    columns: dict[str, Array] = {name: _small(heads, name) for name in _COUNTS}
    columns |= {name: _small(heads, name) for name in ("hour", "weekday")}
    orders = Interactions(
        order_seq=_ints(heads, "order_seq"),
        hotel=hotel[first].astype(np.int32),
        guest=guest,
        stay=stay,
        at=_ints(heads, "ordered_at"),
        day=_days(heads, "local_date"),
        start=np.append(first, len(item)),
        item=item,
        **columns,
    )
    catalog = replace(catalog, first_day=_first_days(catalog, orders))
    return Dataset(catalog, orders, guest_key, guest_hotel, _as_of(items, orders))


def _catalog(items: pa.Table) -> Catalog:
    hotels, start = np.unique(_ints(items, "hotel"), return_index=True)
    price = _ints(items, "price")
    return Catalog(
        hotel=hotels,
        start=np.append(start, items.num_rows).astype(np.int64),
        item=_ints(items, "item"),
        name=tuple(name or "" for name in items["item_name"].to_pylist()),
        department=_ints(items, "department"),
        price=price,
        first_day=_days(items, "first_ordered_at"),
        offered=price > 0,
    )


def _item_rows(catalog: Catalog, hotel: Ints, lines: pa.Table) -> Codes:
    """Find each line's item row by binary search among its hotel's items."""
    item = _ints(lines, "item")
    number = np.unique(catalog.item)
    hotels = np.repeat(np.arange(len(catalog.hotel)), np.diff(catalog.start))
    known = hotels * len(number) + np.searchsorted(number, catalog.item)
    wanted = hotel * len(number) + np.searchsorted(number, item)
    rows = np.minimum(np.searchsorted(known, wanted), catalog.n_items - 1)
    same = (catalog.item[rows] == item) & (catalog.hotel[hotels[rows]] == _ints(lines, "hotel"))
    if not same.all():
        at = int(np.argmin(same))
        raise DataFault(
            f"item {item[at]} of hotel {lines['hotel'][at]} was ordered but is not in"
            " item_features",
            "build both feature tables as of the same date",
        )
    return rows.astype(np.int32)


def _first_lines(hotel: Ints, order_seq: Ints) -> Ints:
    """Mark where a new order begins; lines of one order stand together."""
    change = (np.diff(hotel) != 0) | (np.diff(order_seq) != 0)
    begins = np.concatenate(([True], change)) if len(hotel) else np.zeros(0, bool)
    return np.flatnonzero(begins).astype(np.int64)


def _codes(hotel: Ints, number: Ints, words: Array) -> tuple[Codes, Codes, Array]:
    """Code (hotel, word) pairs; `number` is a word's place, and no place is `UNKNOWN`.

    Gives the codes, and of each code the hotel and the word.
    """
    known = number != UNKNOWN
    pair = hotel[known] * max(1, len(words)) + number[known]
    unique, inverse = np.unique(pair, return_inverse=True)
    codes = np.full(len(number), UNKNOWN, np.int32)
    codes[known] = inverse
    place, of_word = np.divmod(unique, max(1, len(words)))
    return codes, place.astype(np.int32), words[of_word]


def _first_days(catalog: Catalog, orders: Interactions) -> Codes:
    """Take an item's first local day from its orders; the catalog's instants are UTC dates."""
    never = np.iinfo(np.int32).max
    first = np.full(catalog.n_items, never, np.int32)
    np.minimum.at(first, orders.item, orders.day[orders.line_order])
    return np.where(first == never, catalog.first_day, first).astype(np.int32)


def _as_of(items: pa.Table, orders: Interactions) -> int:
    days = _days(items, "as_of")
    return int(max(days.max(), orders.day.max() if len(orders) else UNKNOWN))


def _column(table: pa.Table, name: str) -> Any:
    return table[name].combine_chunks()


def _ints(table: pa.Table, name: str) -> Ints:
    column = pc.fill_null(_column(table, name).cast(pa.int64()), UNKNOWN)
    return np.asarray(column.to_numpy(zero_copy_only=False), np.int64)


def _small(table: pa.Table, name: str) -> Codes:
    return _ints(table, name).astype(np.int32)


def _days(table: pa.Table, name: str) -> Codes:
    dates = _column(table, name).cast(pa.date32()).cast(pa.int32())
    return np.asarray(pc.fill_null(dates, UNKNOWN).to_numpy(zero_copy_only=False), np.int32)


def _words(table: pa.Table, name: str) -> tuple[Ints, Array]:
    """Number the words of a column by their sequence, `UNKNOWN` for null, and give the words."""
    column = _column(table, name).dictionary_encode()
    words = np.array([word.encode() for word in column.dictionary.to_pylist()], "S")
    sequence = np.argsort(words, kind="stable")
    number = np.empty(len(words) + 1, np.int64)
    number[sequence], number[UNKNOWN] = np.arange(len(words)), UNKNOWN
    places = pc.fill_null(column.indices.cast(pa.int64()), UNKNOWN)
    return number[places.to_numpy(zero_copy_only=False)], words[sequence]
