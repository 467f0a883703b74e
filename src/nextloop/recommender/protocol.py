"""Recommender: what every model is. Queries of one hotel go in, one score an item comes out."""

from __future__ import annotations

from typing import Protocol

from nextloop.recommender.arrays import Scores
from nextloop.recommender.queries import Queries


class Model(Protocol):
    """A fitted model. Higher scores are offered first; equal scores by the item's number."""

    @property
    def name(self) -> str:
        """The model's name in tables and in the registry."""

    def score(self, queries: Queries) -> Scores:
        """Score the whole menu for each query, what is not offered included.

        Args:
            queries: Queries to one hotel.

        Returns:
            Finite scores, shape (n_queries, n_items of the hotel).
        """
