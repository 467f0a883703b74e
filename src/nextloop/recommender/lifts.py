"""Recommender: how much more often than usual an item is ordered in each of several situations.

Orders and their bands by kind of situation go in; a lift an item and band comes out. Kinds go
together: on the day of leaving only the morning is left, so what breakfast does to an order must
not be counted once for the hour and once more for the day. Each kind is therefore compared with
what the other kinds make usual, in turn (iterative proportional fitting; Deming and Stephan 1940).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from nextloop.recommender.arrays import Codes, Floats, Ints, Scores
from nextloop.recommender.dataset import Catalog, Interactions
from nextloop.recommender.shrinking import shrunk, strength

ROUNDS: Final = 2
"""Turns of each kind: more changed nothing (docs/decisions/0028)."""


@dataclass(frozen=True, eq=False)
class Lifts:
    """One kind of situation: how often each item is ordered in each of its bands.

    Args:
        count: Orders with the item in the band, shape (n_items, n_bands).
        total: Orders of the hotel in the band, shape (n_hotels, n_bands).
        log: Logarithm of the shrunk lift, shape (n_items, n_bands).
    """

    count: Codes
    total: Codes
    log: Scores

    def log_of(self, rows: slice, band: Codes) -> Scores:
        """Look up the logarithm of the lift, 0 where the band is unknown.

        Args:
            rows: Rows of a hotel's items.
            band: Bands, negative if unknown, shape (q,).

        Returns:
            Shape (q, n).
        """
        looked_up: Scores = self.log[rows].T[np.maximum(band, 0)]
        if band.min(initial=0) < 0:
            looked_up[band < 0] = 0
        return looked_up


def fit(
    interactions: Interactions,
    catalog: Catalog,
    bands: Mapping[str, Codes],
    smooth: Mapping[str, Floats],
) -> dict[str, Lifts]:
    """Count orders by item and band, and compare with what is usual there.

    Args:
        interactions: The orders to learn from.
        catalog: The hotels' items.
        bands: By kind of situation the band of each order, negative if unknown.
        smooth: By kind how much a band sees of each band, shape (n_bands, n_bands).

    Returns:
        Counts and lifts by kind.
    """
    sizes = {kind: len(weight) for kind, weight in smooth.items()}
    count = {kind: _lines(interactions, catalog, bands[kind], n) for kind, n in sizes.items()}
    log = {kind: np.zeros(of_kind.shape) for kind, of_kind in count.items()}
    cells = _cells(interactions, catalog, bands)
    for _ in range(ROUNDS):
        for kind, weight in smooth.items():
            log[kind] = _log_lift(catalog, count[kind], _usual(cells, log, kind), weight)
    return {
        kind: Lifts(
            count[kind].astype(np.int32),
            _orders(interactions, catalog, bands[kind], n).astype(np.int32),
            log[kind].astype(np.float32),
        )
        for kind, n in sizes.items()
    }


def _lines(interactions: Interactions, catalog: Catalog, band: Codes, n_bands: int) -> Ints:
    of_line = band[interactions.line_order]
    known = of_line >= 0
    cell = interactions.item[known].astype(np.int64) * n_bands + of_line[known]
    return np.bincount(cell, minlength=catalog.n_items * n_bands).reshape(-1, n_bands)


def _orders(interactions: Interactions, catalog: Catalog, band: Codes, n_bands: int) -> Ints:
    known = band >= 0
    cell = interactions.hotel[known].astype(np.int64) * n_bands + band[known]
    return np.bincount(cell, minlength=len(catalog.hotel) * n_bands).reshape(-1, n_bands)


@dataclass(frozen=True, eq=False)
class _Cells:
    """Orders of one hotel by the bands of all kinds at once.

    Args:
        rows: Rows of the hotel's items.
        band: By kind the band of each cell, negative if unknown, shape (n_cells,).
        orders: Orders in each cell.
    """

    rows: slice
    band: dict[str, Ints]
    orders: Ints


def _cells(
    interactions: Interactions, catalog: Catalog, bands: Mapping[str, Codes]
) -> list[_Cells]:
    every = np.stack(list(bands.values()))
    found = []
    for hotel in range(len(catalog.hotel)):
        cell, orders = np.unique(every[:, interactions.hotel == hotel], axis=1, return_counts=True)
        found.append(_Cells(catalog.rows(hotel), dict(zip(bands, cell, strict=True)), orders))
    return found


def _usual(cells: list[_Cells], log: Mapping[str, Floats], kind: str) -> Floats:
    """Add up what all kinds but one make of each item's orders, but for its own share."""
    usual = np.zeros_like(log[kind])
    for cell in cells:
        lift = np.zeros((len(cell.orders), cell.rows.stop - cell.rows.start))
        for other in (name for name in log if name != kind):
            known = np.pad(log[other][cell.rows], ((0, 0), (0, 1)))  # the last band is the unknown
            lift += known.T[cell.band[other]]
        orders = np.exp(lift) * cell.orders[:, None]
        for band in range(usual.shape[1]):
            usual[cell.rows, band] = orders[cell.band[kind] == band].sum(axis=0)
    return usual


def _log_lift(catalog: Catalog, count: Ints, usual: Floats, smooth: Floats) -> Floats:
    """Compare counts with what is usual.

    A lift is (observed + s * prior) / (expected + s): the mean of a rate with a Gamma prior. An
    item's prior is the lift of its name over all hotels, the name's is its departments' lift,
    since a closed kitchen closes all its items; the department's is 1. How much each of the three
    priors is worth is learned (docs/decisions/0019).
    """
    share = count.sum(axis=1) / np.maximum(usual.sum(axis=1), 1e-9)
    seen, expected = count.astype(np.float64), share[:, None] * usual
    counts = (seen, expected, seen @ smooth.T, expected @ smooth.T)
    prior = _prior(catalog.departments, counts, np.ones_like(expected))
    prior = prior * _prior(catalog.names, counts, prior)
    return np.log(_rates(counts, prior))


_Counts = tuple[Floats, Floats, Floats, Floats]
"""Orders by item and band, what is usual, and both smoothed."""


def _rates(counts: _Counts, prior: Floats) -> Floats:
    """Shrink smoothed counts as far as the counts themselves say."""
    seen, usual, observed, expected = counts
    return shrunk(observed, expected, prior, strength(seen, usual, prior))


def _prior(group: Ints, counts: _Counts, wanted: Floats) -> Floats:
    """Give each item the rate of its group, over what its items' priors alone would make of it."""
    seen, usual, observed, expected = counts
    parts = (_by(group, part) for part in (seen, usual * wanted, observed, expected * wanted))
    of_group = (next(parts), next(parts), next(parts), next(parts))
    return _rates(of_group, np.ones_like(of_group[0]))[group]


def _by(group: Ints, value: Floats) -> Floats:
    total: Floats = np.zeros((int(group.max(initial=-1)) + 1, value.shape[1]))
    np.add.at(total, group, value)
    return total
