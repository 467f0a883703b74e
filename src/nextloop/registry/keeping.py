"""Registry: what a training's run keeps beside its models: trials of a search, and its report.

Comes in: trials with what they gave, pages and pictures as text. Goes out: runs below the
training's, and artifacts that MLflow's page shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from nextloop.registry.store import Store
from nextloop.registry.tracking import VALIDATION, ending, fluent, log

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True)
class Trial:
    """One trial of a search for settings.

    Attributes:
        number: From 0 on.
        params: What was tried.
        metrics: What it gave on the validation.
    """

    number: int
    params: Mapping[str, Any]
    metrics: Mapping[str, float]


def log_trial(
    client: MlflowClient, experiment: str, parent: str, trial: Trial, tags: Mapping[str, str]
) -> None:
    """Log one trial in a run of its own, below the training's.

    Args:
        client: MLflow's.
        experiment: Id.
        parent: The training's run.
        trial: What was tried.
        tags: The training's lineage.
    """
    named = {**tags, "trial": str(trial.number), "mlflow.parentRunId": parent}
    run = client.create_run(experiment, run_name=f"trial {trial.number}", tags=named).info.run_id
    with ending(client, run):
        measured = {VALIDATION + key: value for key, value in trial.metrics.items()}
        log(client, run, trial.params, measured)


def log_texts(client: MlflowClient, store: Store, run: str, texts: Mapping[str, str]) -> None:
    """Keep pages and pictures with a run, where MLflow's page shows them.

    Args:
        client: MLflow's.
        store: Where.
        run: The run's id.
        texts: Their content by path.
    """
    if not texts:
        return
    with fluent(store):
        for path, text in texts.items():
            client.log_text(run, text, path)
    place = urlparse(client.get_run(run).info.artifact_uri)
    if store.artifacts is not None and place.scheme in ("", "file"):
        folder = Path(unquote(place.path))
        above = [part for part in folder.parents if part.is_relative_to(store.artifacts)]
        for part in (*above, folder, *folder.rglob("*")):
            part.chmod(0o700 if part.is_dir() else 0o600)  # its owner's, as the models are
