"""Registry: from a name such as `production` to one version, resolved once and then pinned.

Comes in: `production`, `staging` or a version's number. Goes out: a `ModelRef`. What is in the
ledger is answered from the ledger, so the API starts without MLflow or its database.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from nextloop.errors import DataFault, UsageFault
from nextloop.registry import fetching, gate, ledger, states
from nextloop.registry.ledger import Entry
from nextloop.registry.store import Store, exists, locate, opened
from nextloop.registry.versions import ModelRef, every, folder_of
from nextloop.settings import Settings

_TRAIN = "Train and register one first: nextloop train"


def resolve(what: str | int, settings: Settings) -> ModelRef:
    """Find a model version.

    Args:
        what: `production`, `staging` (the best that is staged) or a version's number.
        settings: Of this process.

    Returns:
        The version; its files are on this machine, and are read and checked by
        `artifact.read(ref.bundle_folder, ref.digest)`.

    Raises:
        UsageFault: It is none of the three.
        DataFault: There is no such version; the hint says which there are.
    """
    store = locate(settings)
    ref = _found(store, what, ledger.read(store.lake).entries)
    fetching.ensure(store, ref)
    return ref


def _found(store: Store, what: str | int, entries: tuple[Entry, ...]) -> ModelRef:
    if str(what) == "production":
        return _production(store, entries)
    if str(what) == "staging":
        return _staged(store, entries)
    return by_number(store, number(what), entries)


def existing(settings: Settings) -> Store:
    """Locate the registry, which must have been made by a training.

    Args:
        settings: Of this process.

    Returns:
        Where it is.

    Raises:
        DataFault: There is no lake, or nothing was trained in it yet.
    """
    store = locate(settings)
    if not exists(store):
        raise DataFault(f"There is no model in {store.lake.root} yet.", _TRAIN)
    return store


def number(what: str | int) -> int:
    """Read a version's number.

    Args:
        what: Such as `3`.

    Returns:
        The number.

    Raises:
        UsageFault: It is no positive whole number.
    """
    text = str(what)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise UsageFault(
            f"{text!r} names no model version.",
            "Give production, staging or a number; nextloop models list shows them.",
        )
    return int(text)


def by_number(store: Store, version: int, entries: tuple[Entry, ...]) -> ModelRef:
    """Find a version by its number, in the ledger or else in MLflow.

    Args:
        store: Where.
        version: Its number.
        entries: The ledger's.

    Returns:
        The version.

    Raises:
        DataFault: There is none.
    """
    if entry := states.latest(entries).get(version):
        return ref_of(store, entry)
    return registered(store, version, _registered(store))


def registered(store: Store, version: int, known: Sequence[ModelRef]) -> ModelRef:
    """Find a version among those that MLflow has.

    Args:
        store: Where.
        version: Its number.
        known: All versions.

    Returns:
        The version.

    Raises:
        DataFault: It is not there; the hint says which are.
    """
    for ref in known:
        if ref.version == version:
            return ref
    raise DataFault(f"There is no version {version} of {store.model_name}.", _there_are(known))


def ref_of(store: Store, entry: Entry) -> ModelRef:
    """Describe a version from its newest change in the ledger."""
    return ModelRef(
        version=entry.version,
        model=entry.model,
        digest=entry.digest,
        bundle_folder=folder_of(store, entry.place, entry.digest),
        place=entry.place,
        created=entry.created_at,
        as_of=entry.as_of_date,
        training="",
        run="",
        metrics=json.loads(entry.metrics),
    )


def _production(store: Store, entries: tuple[Entry, ...]) -> ModelRef:
    if entry := states.production(entries):
        return ref_of(store, entry)
    known = _registered(store)
    hint = f"{_there_are(known)} Choose: nextloop models promote VERSION --reason WHY"
    raise DataFault(
        f"No version of {store.model_name} is in production.", hint if known else _TRAIN
    )


def _staged(store: Store, entries: tuple[Entry, ...]) -> ModelRef:
    newest = states.latest(entries)
    staged = [newest[v] for v, state in states.states(entries).items() if state == "staging"]
    if not staged:
        raise DataFault(
            f"No version of {store.model_name} is staged.",
            "Stage the best of a training: nextloop train",
        )
    return gate.best([ref_of(store, entry) for entry in staged], store.metric)[0]


def _registered(store: Store) -> list[ModelRef]:
    if not exists(store):
        return []
    with opened(store) as client:
        return every(client, store)


def _there_are(known: Sequence[ModelRef]) -> str:
    if not known:
        return _TRAIN
    shown = ", ".join(str(ref.version) for ref in known[-10:])
    return f"There are: {shown}."
