"""Reading the truth's tables back into the preferences from which orders were drawn.

In come the Parquet tables that `truth_write` laid out, out go numpy arrays.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from nextloop.simulator.choice import Preferences
from nextloop.simulator.columns import Floats, Ints


def preferences(seed: int, tables: dict[str, pa.Table], hotel: dict[str, int]) -> Preferences:
    """Read what moves choices in a hotel.

    Args:
        seed: The world's.
        tables: The truth's tables by name.
        hotel: The hotel's row of `hotels`.

    Returns:
        The preferences from which its orders were drawn.
    """
    seq, first, count = hotel["hotel_seq"], hotel["first_item"], hotel["items"]
    items = tables["items"].slice(first, count)
    hours = _of_hotel(tables["hour_effects"], seq)
    categories = tuple(dict.fromkeys(hours["category"].to_pylist()))
    shape = (len(categories), 2, 24)
    effect = hours["effect"].fill_null(-np.inf).to_numpy().reshape(shape)
    situation = tables["situation_effects"]
    return Preferences(
        seed=seed,
        first_item=first,
        category=places(items, "category", categories),
        appeal=items["appeal"].to_numpy(),
        loading=stacked(items, "loading_"),
        repeat=items["repeat"].to_numpy(),
        pair=_pairs(_of_hotel(tables["pairs"], seq), first, count),
        hour=effect,
        hour_share=hours["order_share"].to_numpy().reshape(shape)[0],
        stay=_situation(situation, "stay_part", len(categories)),
        party=_situation(situation, "party", len(categories)),
        coupon=_coupons(_of_hotel(tables["coupons"], seq), categories),
    )


def ints(table: pa.Table, column: str) -> Ints:
    """Return a column of whole numbers.

    Args:
        table: The table.
        column: Its column, without nulls.

    Returns:
        One number a row.
    """
    return np.asarray(table[column].to_numpy(), dtype=np.int64)


def places(table: pa.Table, column: str, words: tuple[str, ...]) -> Ints:
    """Return a column of words as their places.

    Args:
        table: The table.
        column: Its column, without nulls.
        words: The words that occur, in the order of their places.

    Returns:
        One place a row, from 0.
    """
    place = {word: number for number, word in enumerate(words)}
    return np.array([place[word] for word in table[column].to_pylist()], dtype=np.int64)


def stacked(table: pa.Table, prefix: str) -> Floats:
    """Return the columns whose names start alike as one matrix.

    Args:
        table: The table.
        prefix: How their names start.

    Returns:
        `(rows, columns)`, columns in the table's order.
    """
    names = [name for name in table.column_names if name.startswith(prefix)]
    return np.stack([table[name].to_numpy() for name in names], axis=1)


def _pairs(table: pa.Table, first: int, count: int) -> Floats:
    pair = np.zeros((count, count))
    item, other = (ints(table, name) - 1 - first for name in ("item_seq", "other_item_seq"))
    pair[item, other] = table["effect"].to_numpy()
    return pair


def _coupons(table: pa.Table, categories: tuple[str, ...]) -> Floats:
    effect = np.zeros((len(categories), len(table) + 1))
    effect[places(table, "category", categories), np.arange(len(table))] = table[
        "effect"
    ].to_numpy()
    return effect


def _situation(table: pa.Table, kind: str, categories: int) -> Floats:
    mine = np.array(table["kind"].to_pylist()) == kind
    return np.asarray(table["effect"].to_numpy()[mine].reshape(categories, -1))


def _of_hotel(table: pa.Table, hotel: int) -> pa.Table:
    return table.filter(pa.array(ints(table, "hotel_seq") == hotel))
