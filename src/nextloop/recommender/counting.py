"""Recommender: which items come together, counted for all hotels at once.

Orders go in, grouped by a code (order, stay or guest); counts of pairs come out as one sparse
matrix over all items. Items of two hotels never meet, since no group has orders of both.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from nextloop.recommender.arrays import Array, Codes, Floats, Ints, Scores
from nextloop.recommender.dataset import Interactions
from nextloop.recommender.history import Timeline, ranges


def holding(row: Ints | Codes, item: Ints | Codes, shape: tuple[int, int]) -> sparse.csr_array:
    """Mark which items each row holds.

    Args:
        row: Row of each mark.
        item: Item of each mark; one that comes again in its row counts once.
        shape: Rows and items.

    Returns:
        Ones and zeros, sorted, shape `shape`.
    """
    cell = np.sort(row.astype(np.int64) * shape[1] + item)
    cell = cell[np.diff(cell, prepend=-1) > 0]  # numpy's `unique` hashes, four times as slow
    start = np.searchsorted(cell, np.arange(shape[0] + 1, dtype=np.int64) * shape[1])
    return sparse.csr_array((np.ones(len(cell)), cell % shape[1], start), shape=shape)


def together(code: Codes, interactions: Interactions, n_items: int) -> sparse.csr_array:
    """Count the groups that hold both items of each pair; the diagonal counts the item itself.

    Args:
        code: Group of each order, from 0 on.
        interactions: The orders.
        n_items: Items of all hotels.

    Returns:
        Counts, shape (n_items, n_items).
    """
    rows = int(code.max(initial=-1)) + 1
    held = holding(code[interactions.line_order], interactions.item, (rows, n_items))
    return _sorted(held.T @ held)


def following(interactions: Interactions, n_items: int, limit: int) -> sparse.csr_array:
    """Count the orders with an item that come right after an order with another.

    Args:
        interactions: The orders.
        n_items: Items of all hotels.
        limit: 1 for the order before; more for the items of so many orders before.

    Returns:
        Counts by earlier and later item, shape (n_items, n_items).
    """
    orders = np.arange(len(interactions))
    line = Timeline.of(interactions.owner, interactions.at)
    asked, earlier = line.earlier(orders, limit)
    size = np.diff(interactions.start)
    item = interactions.item[ranges(interactions.start[earlier], size[earlier])]
    shape = (len(orders), n_items)
    before = holding(np.repeat(asked, size[earlier]), item, shape)
    now = holding(interactions.line_order, interactions.item, shape)
    return _sorted(before.T @ now)


def followed(interactions: Interactions, n_items: int, limit: int) -> Floats:
    """Count the orders that look back on each item: what `following` counts are shares of.

    Args:
        interactions: The orders.
        n_items: Items of all hotels.
        limit: As in `following`.

    Returns:
        Shape (n_items,).
    """
    orders = np.arange(len(interactions))
    line = Timeline.of(interactions.owner, interactions.at)
    asked, earlier = line.earlier(orders, limit)
    size = np.diff(interactions.start)[earlier]
    item = interactions.item[ranges(interactions.start[earlier], size)]
    before = holding(np.repeat(asked, size), item, (len(orders), n_items))
    return np.asarray(before.sum(axis=0), np.float64).reshape(-1)


def dense(counts: sparse.csr_array, rows: slice) -> Floats:
    """Spread one hotel's counts.

    Args:
        counts: Over all items.
        rows: The hotel's items.

    Returns:
        Shape (n, n).
    """
    spread: Floats = counts[rows, rows].toarray().astype(np.float64)
    return spread


def excess(counts: Floats, seen: Floats, usual: Scores, strength: float) -> Scores:
    """Give chances shrunk to the usual ones, minus the usual ones.

    Args:
        counts: Times that the second item came with the first, shape (n, n).
        seen: Times that it could have, shape (n,).
        usual: The second item's usual chance, shape (n,).
        strength: Times of evidence that the usual chance is worth.

    Returns:
        (counts + strength * usual) / (seen + strength) - usual, shape (n, n).
    """
    wanted = np.outer(seen, usual.astype(np.float64))
    return ((counts - wanted) / (seen + strength)[:, None]).astype(np.float32)


def stored(matrices: Mapping[str, sparse.csr_array]) -> dict[str, Array]:
    """Give the arrays of sparse matrices of whole numbers, to store, by matrix and part."""
    return {
        f"{name}_{part}": array
        for name, counts in matrices.items()
        for part, array in (
            ("start", counts.indptr.astype(np.int64)),
            ("item", counts.indices.astype(np.int32)),
            ("count", counts.data.astype(np.int32)),
        )
    }


def restored(arrays: Mapping[str, Array], name: str, width: int) -> sparse.csr_array:
    """Make the matrix that had this name from what `stored` gave, `width` items wide."""
    start, item, count = (arrays[f"{name}_{part}"] for part in ("start", "item", "count"))
    return sparse.csr_array((count.astype(np.float64), item, start), shape=(len(start) - 1, width))


def _sorted(counts: sparse.csr_array) -> sparse.csr_array:
    made = sparse.csr_array(counts)
    made.sort_indices()
    return made
