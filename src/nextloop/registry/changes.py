"""Registry: which changes a wish comes to, given what the ledger says. Pure.

Comes in: the ledger's entries and versions. Goes out: the rows to record, or none if it is so
already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from nextloop.registry.ledger import Action, Change, Entry, metrics_text
from nextloop.registry.states import latest, production, states
from nextloop.registry.versions import ModelRef

_CHANGE_FIELDS = tuple(field.name for field in fields(Change))


def staging(
    entries: Sequence[Entry], best: Sequence[ModelRef], by: str, reason: str
) -> list[Change]:
    """Stage the best of a training and take what was staged before out.

    Args:
        entries: The ledger's, oldest first.
        best: What is to be staged; what is or was in production stays as it is.
        by: Who wants it.
        reason: Why.

    Returns:
        Rows to record.
    """
    state, known = states(entries), latest(entries)
    wanted = {ref.version for ref in best}
    left = [v for v, s in sorted(state.items()) if s == "staging" and v not in wanted]
    return [
        *(
            _again("unstage", known[version], by, "replaced by a newer training")
            for version in left
        ),
        *(_first("stage", ref, by, reason) for ref in best if ref.version not in state),
    ]


def promotion(entries: Sequence[Entry], ref: ModelRef, by: str, reason: str) -> list[Change]:
    """Put a version into production and archive the one that was there.

    Args:
        entries: The ledger's, oldest first.
        ref: The version.
        by: Who wants it.
        reason: Why.

    Returns:
        Rows to record; none if it is in production.
    """
    return _switch("promote", entries, _first("promote", ref, by, reason))


def rolling_back(entries: Sequence[Entry], to: int, by: str, reason: str) -> list[Change]:
    """Put an earlier version back into production and archive the present one.

    Args:
        entries: The ledger's, oldest first; must hold the version.
        to: The version.
        by: Who wants it.
        reason: Why.

    Returns:
        Rows to record; none if it is in production.
    """
    return _switch("rollback", entries, _again("rollback", latest(entries)[to], by, reason))


def _switch(action: Action, entries: Sequence[Entry], change: Change) -> list[Change]:
    now = production(entries)
    if now is None:
        return [change]
    if now.version == change.version:
        return []
    why = f"{action} of version {change.version}: {change.reason}"
    kept = {name: getattr(change, name) for name in _CHANGE_FIELDS}
    return [
        Change(**kept | {"previous_version": now.version}),
        _again("archive", now, change.by, why),
    ]


def _first(action: Action, ref: ModelRef, by: str, reason: str) -> Change:
    return Change(
        action=action,
        version=ref.version,
        model=ref.model,
        digest=ref.digest,
        place=ref.place,
        created_at=ref.created,
        as_of_date=ref.as_of,
        metrics=metrics_text(ref.metrics),
        by=by,
        reason=reason,
    )


def _again(action: Action, entry: Entry, by: str, reason: str) -> Change:
    kept = {name: getattr(entry, name) for name in _CHANGE_FIELDS}
    new = {"action": action, "by": by, "reason": reason, "previous_version": None}
    return Change(**kept | new)
