"""Recommender: a trained model with all that it needs to answer, as files and in memory.

A bundle is data: arrays (`.npz` without pickles), LightGBM's text and JSON. It answers queries
with numpy and LightGBM alone; pyarrow, Spark and MLflow are not needed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Self

from nextloop.errors import DataFault
from nextloop.recommender import ranker
from nextloop.recommender.answer import Answer, Offer, answers
from nextloop.recommender.arrays import Array, pack, unpack
from nextloop.recommender.asking import Query, arrays_of
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.dataset import Catalog, UnknownHotel
from nextloop.recommender.guests import Guests
from nextloop.recommender.protocol import Model
from nextloop.recommender.queries import Queries
from nextloop.recommender.reasons import Reason
from nextloop.recommender.state import State

__all__ = ["Answer", "Bundle", "Offer", "Query", "Reason", "UnknownHotel"]

FORMAT = 4  # raise when files of older versions can no longer be read
_EPOCH = date(1970, 1, 1).toordinal()
_TREES = {"opening": "ranker.txt", "completing": "completing.txt"}
_CATALOG = ("hotel", "start", "item", "department", "price", "first_day", "offered")


@dataclass(frozen=True, eq=False)
class Bundle:
    """A model that answers.

    Args:
        model: The model that ranks.
        state: Counts of all orders up to `as_of`.
        guests: Guests' histories up to `as_of`.
        config: The training's configuration.
        as_of: Last day that the counts cover, in days since 1970-01-01.
    """

    model: Model
    state: State
    guests: Guests
    config: TrainingConfig
    as_of: int

    @property
    def hotels(self) -> tuple[int, ...]:
        """The source's numbers of the hotels that it knows, ascending."""
        return tuple(int(hotel) for hotel in self.state.catalog.hotel)

    def describe(self) -> dict[str, Any]:
        """Say what this is: model, date and sizes, ready for JSON."""
        return {
            "model": self.model.name,
            "as_of": date.fromordinal(self.as_of + _EPOCH).isoformat(),
            "hotels": len(self.state.catalog.hotel),
            "items": int(self.state.catalog.offered.sum()),
            "guests": len(self.guests.key),
            "orders": int(self.state.popularity.hotel_orders.sum()),
        }

    def recommend(self, query: Query) -> Answer:
        """Rank the hotel's menu for a guest at a moment.

        Args:
            query: Who asks, where and when.

        Returns:
            The best offers; equal scores in the sequence of the item numbers.

        Raises:
            UnknownHotel: If the hotel is not in the bundle.
        """
        return self.recommend_many([query])[0]

    def recommend_many(self, queries: Sequence[Query]) -> list[Answer]:
        """Answer queries as `recommend` does, those of a hotel in one go.

        Scores may differ from those of a query alone in their last digit.

        Args:
            queries: Who asks, where and when.

        Returns:
            An answer a query, in the same sequence.

        Raises:
            UnknownHotel: If a hotel is not in the bundle.
        """
        asked: dict[int, list[tuple[int, Queries]]] = {}
        for place, query in enumerate(queries):
            arrays = arrays_of(query, self.state.catalog, self.guests, self.as_of)
            asked.setdefault(query.hotel, []).append((place, arrays))
        found: dict[int, Answer] = {}
        for of_hotel in asked.values():
            places, arrays_of_hotel = zip(*of_hotel, strict=True)
            told = [queries[place] for place in places]
            found |= zip(
                places, answers(self.model, self.state, arrays_of_hotel, told), strict=True
            )
        return [found[place] for place in range(len(queries))]

    def to_files(self) -> dict[str, bytes]:
        """Write the bundle, byte-equal for equal bundles.

        Returns:
            File contents by name.
        """
        catalog = self.state.catalog
        about = {
            "format": FORMAT,
            "model": self.model.name,
            "as_of": self.as_of,
            "config": asdict(self.config),
            "item_names": list(catalog.name),
        }
        files = {
            "bundle.json": json.dumps(about, ensure_ascii=False, sort_keys=True).encode(),
            "catalog.npz": pack({name: getattr(catalog, name) for name in _CATALOG}),
            "guests.npz": pack(self.guests.arrays()),
        }
        files |= {f"{part}.npz": pack(arrays) for part, arrays in self.state.arrays().items()}
        if isinstance(self.model, ranker.Ranker):
            for part, file in _TREES.items():
                files[file] = ranker.dump(getattr(self.model.trees, part)).encode()
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """Read what `to_files` wrote; nothing in the files is run.

        Args:
            files: File contents by name.

        Returns:
            The bundle.

        Raises:
            DataFault: If a file is missing or the format is not ours.
        """
        about = json.loads(_file(files, "bundle.json"))
        if about.get("format") != FORMAT:
            raise DataFault(
                f"the model files have format {about.get('format')}, this version reads {FORMAT}",
                "train again, or run the version of nextloop that trained it",
            )
        config = TrainingConfig(**about["config"])
        stored = unpack(_file(files, "catalog.npz"))
        catalog = Catalog(**stored, name=tuple(about["item_names"]))
        parts = {part: unpack(_file(files, f"{part}.npz")) for part in State.PARTS}
        state = State.from_arrays(parts, catalog, config)
        guests: dict[str, Array] = unpack(_file(files, "guests.npz"))
        model = model_of(about["model"], state, config, files)
        return cls(model, state, Guests(**guests), config, int(about["as_of"]))


def model_of(name: str, state: State, config: TrainingConfig, files: Mapping[str, bytes]) -> Model:
    """Make the model that ranks.

    Args:
        name: The model's name.
        state: Counts of orders.
        config: The training's configuration.
        files: The bundle's files, with the trees if the model has any.

    Returns:
        The model, scoring on one thread.

    Raises:
        DataFault: If there is no model of that name or its trees are missing.
    """
    if name == ranker.Ranker.name:
        trees = {part: ranker.load(_file(files, file).decode()) for part, file in _TREES.items()}
        return ranker.Ranker.of(state, ranker.Trees(**trees), replace(config, num_threads=1))
    simple: dict[str, Model] = {m.name: m for m in state.models}
    if name not in simple:
        raise DataFault(f"there is no model called {name}", "train again with this version")
    return simple[name]


def _file(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise DataFault(f"the model has no file {name}", "train again, or copy the whole folder")
    return files[name]
