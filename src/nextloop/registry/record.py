"""Registry: what a version's run recorded, in the form in which a training is told it.

Comes in: a version. Goes out: its configuration, table versions and surroundings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from nextloop.errors import DataFault
from nextloop.recommender.config import TrainingConfig
from nextloop.registry import lineage, resolve
from nextloop.registry.store import opened
from nextloop.registry.versions import ModelRef, every
from nextloop.settings import Settings

_TABLE: Final = "table."
_SURROUNDINGS: Final = ("code.", "lock.", "library.", "python", "platform", "environment.")
_READ: Final = {"int": int, "float": float}


@dataclass(frozen=True)
class Record:
    """All that is needed to train a version again.

    Attributes:
        ref: The version.
        config: Every number of its training, with seeds and threads.
        tables: Version of each table that it read.
        surroundings: Code, locks, libraries and platform, by name as `lineage.tags` gives them.
    """

    ref: ModelRef
    config: TrainingConfig
    tables: Mapping[str, int]
    surroundings: Mapping[str, str]


def recorded(settings: Settings, what: str | int) -> Record:
    """Read a version's record.

    Args:
        settings: Of this process.
        what: `production`, `staging` or a number.

    Returns:
        The record.

    Raises:
        UsageFault: `what` is none of the three.
        DataFault: There is no such version in MLflow, or its record is not whole.
        SystemFault: MLflow refuses.
    """
    store = resolve.existing(settings)
    version = resolve.resolve(what, settings).version
    with opened(store) as client:
        ref = resolve.registered(store, version, every(client, store))
        run = client.get_run(ref.run).data
    tags = dict(run.tags)
    try:
        given = {f.name: _READ[str(f.type)](run.params[f.name]) for f in fields(TrainingConfig)}
        tables = {k.removeprefix(_TABLE): int(v) for k, v in tags.items() if k.startswith(_TABLE)}
    except (KeyError, ValueError) as missing:
        raise DataFault(
            f"Version {version} does not say how it was trained: {missing} is missing or wrong.",
            "It was made by another release, or its run was changed: train again.",
        ) from None
    kept = {name: value for name, value in tags.items() if name.startswith(_SURROUNDINGS)}
    return Record(ref, TrainingConfig(**given), tables, kept)


def changed(record: Record) -> list[str]:
    """Tell what is other here than where a version was trained.

    Args:
        record: The version's.

    Returns:
        One sentence each, by name; empty if all is as it was.
    """
    now = lineage.tags({})
    names = sorted({*record.surroundings, *(n for n in now if n.startswith(_SURROUNDINGS))})
    pairs = [(name, record.surroundings.get(name), now.get(name)) for name in names]
    return [f"{n} was {_short(a)}, is {_short(b)}" for n, a, b in pairs if a != b]


def _short(value: str | None) -> str:
    if value is None:
        return "not recorded"
    is_sum = len(value) == 64  # noqa: PLR2004 SHA-256 in hex
    return f"{value[:12]}..." if is_sum else value
