"""Registry: makes MLflow's alias and tags say what the ledger says.

Comes in: the ledger. Goes out: the alias `production` on one version and a tag `lifecycle` on each
that has a state, so that MLflow's pages and `models:/NAME@production` are right. MLflow's aliases
have no history and the last writer wins, so nothing is ever decided by them.
"""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from nextloop.registry import ledger
from nextloop.registry.ledger import Entry
from nextloop.registry.states import State, production, states
from nextloop.registry.store import Store
from nextloop.registry.versions import pages

if TYPE_CHECKING:
    from mlflow import MlflowClient

ALIAS: Final = "production"
TAG: Final = "lifecycle"
_TRIES: Final = 20
# What MLflow says when two processes write the same tag at once: SQLite lets one in at a time, and
# of two inserts of one key, or two deletions, the second fails.
_RACED: Final = {"TEMPORARILY_UNAVAILABLE", "BAD_REQUEST", "RESOURCE_DOES_NOT_EXIST"}


def project(client: MlflowClient, store: Store) -> list[str]:
    """Make MLflow equal to the ledger.

    Whoever writes looks again afterwards whether the ledger moved meanwhile. So the last one to
    write has seen the last change, and processes that race end with the right alias.

    Args:
        client: MLflow's.
        store: Where.

    Returns:
        What was not as the ledger says, one sentence each; empty if nothing had to be done.
    """
    from mlflow.exceptions import MlflowException

    repairs: list[str] = []
    refusals = 0
    while True:
        seen = ledger.read(store.lake)
        try:
            repairs += _apply(client, store, seen.entries)
        except MlflowException as refused:
            refusals += 1
            if refused.error_code not in _RACED or refusals == _TRIES:
                raise
            time.sleep(random.uniform(0.01, 0.1))
            continue
        if ledger.read(store.lake).last == seen.last:
            return repairs


def _apply(client: MlflowClient, store: Store, entries: Sequence[Entry]) -> list[str]:
    """Look at MLflow as it is now and write what is not as it should be."""
    present = {int(v.version): v.tags.get(TAG) for v in pages(client, store)}
    now = production(entries)
    repairs = _tags(client, store, present, states(entries))
    return repairs + _alias(client, store, present.keys(), now.version if now else None)


def _tags(
    client: MlflowClient,
    store: Store,
    present: Mapping[int, str | None],
    wanted: Mapping[int, State],
) -> list[str]:
    repairs = [
        f"version {version} is {state} in the ledger and missing in MLflow"
        for version, state in wanted.items()
        if version not in present
    ]
    for version, before in sorted(present.items()):
        state = wanted.get(version)
        if before == state:
            continue
        if state is None:
            client.delete_model_version_tag(store.model_name, str(version), TAG)
        else:
            client.set_model_version_tag(store.model_name, str(version), TAG, state)
        repairs.append(f"version {version}: {TAG} was {before or 'unset'}, is {state or 'unset'}")
    return repairs


def _alias(
    client: MlflowClient, store: Store, present: Collection[int], wanted: int | None
) -> list[str]:
    if not present:
        return []
    before = client.get_registered_model(store.model_name).aliases.get(ALIAS)
    after = str(wanted) if wanted in present else None
    if (before and str(before)) == after:
        return []
    if after is None:
        client.delete_registered_model_alias(store.model_name, ALIAS)
    else:
        client.set_registered_model_alias(store.model_name, ALIAS, after)
    return [f"alias {ALIAS} was {before or 'unset'}, is {after or 'unset'}"]
