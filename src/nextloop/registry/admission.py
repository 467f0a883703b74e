"""Registry: which versions may be staged, promoted or rolled back to, and are their files intact?

Comes in: versions and the ledger's entries. Goes out: the version, or a fault that says why not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nextloop.errors import DataFault
from nextloop.registry import artifact, fetching, gate, resolve, states
from nextloop.registry.ledger import Entry
from nextloop.registry.store import Store, opened
from nextloop.registry.versions import ModelRef, every
from nextloop.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient


def passing(client: MlflowClient, store: Store, versions: Sequence[ModelRef]) -> list[ModelRef]:
    """List the versions of the newest finished training that pass the gate.

    Args:
        client: MLflow's.
        store: Where.
        versions: All versions.

    Returns:
        At least one, by version.

    Raises:
        DataFault: There is no finished training, or none of its versions passes.
    """
    training = _newest_training(client, versions)
    mine = [ref for ref in versions if ref.training == training]
    verdicts = {ref.version: gate.judge(ref, versions, store.metric, store.margin) for ref in mine}
    passed = [ref for ref in mine if verdicts[ref.version].passed]
    if not passed:
        why = "; ".join(f"version {version}: {v.reason}" for version, v in verdicts.items())
        raise DataFault(
            f"No version passes the gate. {why or 'There is no finished training'}.",
            "Train again on more weeks, or see what was measured: nextloop models list",
        )
    return passed


def _newest_training(client: MlflowClient, versions: Sequence[ModelRef]) -> str | None:
    """A training that died while it registered its models is passed over."""
    for training in dict.fromkeys(ref.training for ref in reversed(versions)):
        if client.get_run(training).info.status == "FINISHED":
            return training
    return None


def admitted(store: Store, version: int, versions: Sequence[ModelRef]) -> ModelRef:
    """Let a version through the gate.

    Args:
        store: Where.
        version: Its number.
        versions: All versions.

    Returns:
        The version.

    Raises:
        DataFault: It is not there, or does not pass.
    """
    ref = resolve.registered(store, version, versions)
    verdict = gate.judge(ref, versions, store.metric, store.margin)
    if not verdict.passed:
        raise DataFault(
            f"Version {version} ({ref.model}) does not pass the gate: {verdict.reason}.",
            "Choose a better one: nextloop models list",
        )
    return ref


def candidate(settings: Settings, version: str | int) -> ModelRef:
    """Find a version that may be promoted as far as the gate against popularity goes.

    Args:
        settings: Of this process.
        version: Its number, or `staging` for the best that is staged.

    Returns:
        The version, its files intact.

    Raises:
        UsageFault: The version is no number.
        DataFault: There is no such version, the gate refuses it, or its files are not intact.
        SystemFault: MLflow or the lake refuses.
    """
    store = resolve.existing(settings)
    wanted = resolve.resolve(version, settings).version
    with opened(store) as client:
        ref = admitted(store, wanted, every(client, store))
    check_files(store, ref)
    return ref


def rollback_target(entries: Sequence[Entry], to: int | None) -> int:
    """Choose what to roll back to.

    Args:
        entries: The ledger's, oldest first.
        to: A version that was in production, or None for the one before the present.

    Returns:
        Its number.

    Raises:
        DataFault: There is no such one.
    """
    before = states.predecessors(entries)
    if to is None:
        if not before:
            raise DataFault(
                "There is no earlier version in production to roll back to.",
                "Promote another one: nextloop models promote VERSION --reason WHY",
            )
        return before[0]
    ever = sorted({e.version for e in entries if e.action in {"promote", "rollback"}})
    if to not in ever:
        were = ", ".join(map(str, ever)) or "none"
        raise DataFault(
            f"Version {to} was never in production.",
            f"These were: {were}. A new one is promoted: nextloop models promote {to}",
        )
    return to


def check_unmoved(seen: Sequence[Entry], now: Sequence[Entry]) -> None:
    """Refuse to replace another version than the one that was looked at.

    Args:
        seen: The ledger's entries when the change was decided.
        now: The same when it is recorded.

    Raises:
        DataFault: Another version is in production now.
    """
    before, after = states.production(seen), states.production(now)
    if before != after:
        raise DataFault(
            f"Version {after.version if after else 'none'} was put into production meanwhile: "
            "nothing was changed.",
            "See nextloop models history, and run this again if it is still wanted.",
        )


def check_files(store: Store, ref: ModelRef) -> None:
    """Read a version's files once, to prove that they are what was registered.

    Args:
        store: Where.
        ref: The version.

    Raises:
        DataFault: They are not.
    """
    fetching.ensure(store, ref)
    artifact.read(ref.bundle_folder, ref.digest)


def check_digest(ref: ModelRef, entries: Sequence[Entry]) -> None:
    """Refuse a version whose number once named other files.

    Args:
        ref: The version as MLflow has it.
        entries: The ledger's.

    Raises:
        DataFault: The ledger knows the number with another digest.
    """
    known = states.latest(entries).get(ref.version)
    if known is not None and known.digest != ref.digest:
        raise DataFault(
            f"Version {ref.version} has digest {ref.digest[:12]}... in MLflow and "
            f"{known.digest[:12]}... in the ledger.",
            "Its record in MLflow was changed or made anew: train again, do not use this number.",
        )
