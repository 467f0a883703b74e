"""Registry: what people ask about versions: which there are, and all that is known of one.

Comes in: settings. Goes out: plain rows for tables and JSON.
"""

from __future__ import annotations

from typing import Any

from nextloop.registry import artifact, gate, ledger, resolve, states
from nextloop.registry.store import opened
from nextloop.registry.versions import every
from nextloop.settings import Settings


def listed(settings: Settings) -> list[dict[str, Any]]:
    """List the versions.

    Args:
        settings: Of this process.

    Returns:
        One row a version, newest first: version, state (None if only registered), model, as_of,
        created_at, the metric that the gate looks at, whether it passes and why, digest.

    Raises:
        DataFault: There is no lake, or nothing was trained in it yet.
        SystemFault: MLflow refuses.
    """
    store = resolve.existing(settings)
    with opened(store) as client:
        versions = every(client, store)
    state = states.states(ledger.read(store.lake).entries)
    rows = []
    for ref in reversed(versions):
        verdict = gate.judge(ref, versions, store.metric, store.margin)
        rows.append(
            {
                "version": ref.version,
                "state": state.get(ref.version),
                "model": ref.model,
                "as_of": ref.as_of,
                "created_at": ref.created,
                store.metric: ref.metrics.get(store.metric),
                "passes_gate": verdict.passed,
                "gate": verdict.reason,
                "digest": ref.digest,
            }
        )
    return rows


def described(settings: Settings, what: str | int) -> dict[str, Any]:
    """Tell all that is recorded of one version.

    Args:
        settings: Of this process.
        what: `production`, `staging` or a number.

    Returns:
        Its row as in `listed` with metrics, parameters, lineage, files and changes of its state.

    Raises:
        UsageFault: `what` is none of the three.
        DataFault: There is no such version, or its folder is damaged.
        SystemFault: MLflow refuses.
    """
    store = resolve.existing(settings)
    version = resolve.resolve(what, settings).version
    row = next((row for row in listed(settings) if row["version"] == version), {})
    with opened(store) as client:
        ref = resolve.registered(store, version, every(client, store))
        run = client.get_run(ref.run)
    entries = ledger.read(store.lake).entries
    return {
        **row,
        "folder": ref.bundle_folder,
        "metrics": dict(sorted(ref.metrics.items())),
        "parameters": dict(sorted(run.data.params.items())),
        "lineage": {k: v for k, v in sorted(run.data.tags.items()) if not k.startswith("mlflow.")},
        "files": {e.name: e.bytes for e in artifact.entries(ref.bundle_folder, ref.digest)},
        "changes": [_told(entry) for entry in entries if entry.version == version],
    }


def _told(entry: ledger.Entry) -> str:
    return f"{entry.at:%Y-%m-%d %H:%M:%S} {entry.action} by {entry.by}: {entry.reason}"
