"""The model that answers: found once, checked, loaded and warmed before the API says ready.

In comes a reference (version, digest, folder), out goes a bundle in memory. The files' digests
are checked before any of them is opened; nothing is resolved again while requests come.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass

from nextloop.recommender.asking import Query
from nextloop.recommender.bundle import Bundle
from nextloop.recommender.threads import limited
from nextloop.registry import artifact
from nextloop.registry.versions import ModelRef

_NOON_ON_MONDAY = (12, 0)
# The first answers are slower than the rest (measured: 5 ms, then 0.4 ms): nobody waits for these.
_WARMED_HOTELS = 20


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory and what the registry says of it."""

    ref: ModelRef
    bundle: Bundle


class ModelSlot:
    """Holds the one model that answers; empty until it is loaded."""

    def __init__(self) -> None:
        self._loaded: LoadedModel | None = None
        self._watchers: list[Callable[[LoadedModel], None]] = []

    @property
    def loaded(self) -> LoadedModel | None:
        """The model, or None while there is none."""
        return self._loaded

    def fill(self, model: LoadedModel) -> None:
        """Let a model answer from now on.

        Args:
            model: Loaded and warmed.
        """
        for watcher in self._watchers:
            watcher(model)
        self._loaded = model

    def watch(self, watcher: Callable[[LoadedModel], None]) -> None:
        """Be told of the model, now if there is one and of each that comes.

        Args:
            watcher: Called with it before it answers.
        """
        self._watchers.append(watcher)
        if self._loaded is not None:
            watcher(self._loaded)


def load(ref: ModelRef) -> LoadedModel:
    """Bring a model into memory.

    Args:
        ref: Which one.

    Returns:
        The model, with its files' digests proven and first questions answered.

    Raises:
        DataFault: A file is missing, added, changed or not data.
    """
    bundle = Bundle.from_files(artifact.read(ref.bundle_folder, ref.digest))
    limited(1)  # from now on: an answer is made of products too small to share
    for hotel in bundle.hotels[:_WARMED_HOTELS]:
        bundle.recommend(Query(hotel=hotel, at=_NOON_ON_MONDAY))
    # The model's arrays live as long as the process: keeping them out of every collection saves
    # pauses while requests are answered.
    gc.collect()
    gc.freeze()
    return LoadedModel(ref, bundle)
