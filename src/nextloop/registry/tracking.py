"""Registry: logs a training to MLflow: a run for the training, one below it for each model.

Comes in: trained models with their files. Goes out: runs with parameters, metrics and lineage, and
logged models that `mlflow models serve` can answer from. A model is a script of ours beside a
sealed bundle of data files: no pickle is written.

Source: MLflow 3.17 "models from code", https://mlflow.org/docs/latest/ml/model/models-from-code/
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import nextloop
from nextloop.registry import artifact, fetching
from nextloop.registry.store import Store

if TYPE_CHECKING:
    from mlflow import MlflowClient

SCRIPT: Final = Path(__file__).with_name("pyfunc_model.py")
VALIDATION: Final = "validation_"
BUNDLE: Final = "bundle"
BUNDLE_PATH: Final = f"artifacts/{BUNDLE}"
"""Where MLflow puts the bundle inside a logged model's folder."""
_MAX_PARAMETER: Final = 6000  # mlflow.utils.validation.MAX_PARAM_VAL_LENGTH


@dataclass(frozen=True)
class TrainedModel:
    """A model as training hands it over.

    Attributes:
        name: Kind of model; unique in its training, such as `popularity`.
        params: What it was told, logged as text.
        metrics: Measured on the training's holdout; what is not a number is left out.
        files: Its bundle, content by name; see `manifest.SUFFIXES`.
        validation: The same metrics on the days before the holdout, by which models are ranked,
            so that the holdout stays a fair judge of the one that was chosen.
    """

    name: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    files: Mapping[str, bytes]
    validation: Mapping[str, float] = field(default_factory=dict)

    @property
    def all_metrics(self) -> dict[str, float]:
        """Both kinds under their logged names, finite values only."""
        named = {**self.metrics, **{VALIDATION + k: v for k, v in self.validation.items()}}
        return {name: float(value) for name, value in named.items() if math.isfinite(value)}


@dataclass(frozen=True)
class LoggedModel:
    """A model in MLflow that is no version yet.

    Attributes:
        model: What was logged.
        training: Id of the training's run; models of one training share holdout and tables.
        run: Id of the model's run.
        model_id: MLflow's id of the logged model.
        place: Its bundle: relative to `Store.artifacts`, or an address if a server decides.
        digest: Of its bundle.
    """

    model: TrainedModel
    training: str
    run: str
    model_id: str
    place: str
    digest: str


@contextmanager
def training(
    client: MlflowClient,
    experiment: str,
    name: str,
    params: Mapping[str, Any],
    tags: Mapping[str, str],
) -> Iterator[str]:
    """Keep a run open for a training; it ends as FINISHED, or FAILED by whatever is raised.

    Args:
        client: MLflow's.
        experiment: Id.
        name: Shown for the run.
        params: Of the training as a whole.
        tags: Its lineage.

    Yields:
        The run's id.
    """
    run = client.create_run(experiment, run_name=name, tags=dict(tags)).info.run_id
    with ending(client, run):
        log(client, run, params, {})
        yield run


def log_model(
    client: MlflowClient,
    store: Store,
    experiment: str,
    parent: str,
    model: TrainedModel,
    tags: Mapping[str, str],
) -> LoggedModel:
    """Log one model in a run of its own, and read its files back from where they went.

    Args:
        client: MLflow's.
        store: Where.
        experiment: Id.
        parent: The training's run.
        model: What to log.
        tags: Its lineage.

    Returns:
        The logged model.

    Raises:
        DataFault: The files are no model's, or came back different.
        SystemFault: MLflow or the disk refuses.
    """
    named = {**tags, "model": model.name, "mlflow.parentRunId": parent}
    run = client.create_run(experiment, run_name=model.name, tags=named).info.run_id
    with ending(client, run):
        log(client, run, model.params, model.all_metrics)
        with tempfile.TemporaryDirectory(prefix="nextloop-model-") as scratch:
            bundle = Path(scratch) / BUNDLE
            digest = artifact.write(model.files, bundle, durable=False)
            info = _log_files(store, run, bundle, digest)
    place = f"{info.artifact_path}/{BUNDLE_PATH}"
    if store.artifacts is not None:
        folder = store.artifacts / f"models/{info.model_id}/artifacts"
        _close_to_others(store.artifacts, folder.parent)
        artifact.sync(folder)
        artifact.read(folder / BUNDLE_PATH, digest)
        place = str((folder / BUNDLE_PATH).relative_to(store.artifacts))
    elif fetching.is_address(place):
        fetching.fetch(store, place, digest)
    return LoggedModel(model, parent, run, info.model_id, place, digest)


def _log_files(store: Store, run: str, bundle: Path, digest: str) -> Any:
    import mlflow.pyfunc

    with fluent(store), mlflow.start_run(run_id=run, nested=True):
        return mlflow.pyfunc.log_model(
            name=store.model_name,
            python_model=str(SCRIPT),
            artifacts={BUNDLE: str(bundle)},
            model_config={"digest": digest},
            pip_requirements=_requirements(),
        )


@contextmanager
def fluent(store: Store) -> Iterator[None]:
    """Point MLflow's process-wide address at the store, for calls that have no other way.

    Args:
        store: Where.
    """
    import mlflow
    from mlflow.tracking import is_tracking_uri_set

    was_set = is_tracking_uri_set()  # type: ignore[no-untyped-call]
    before = mlflow.get_tracking_uri() if was_set else None
    mlflow.set_tracking_uri(store.uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)  # type: ignore[arg-type]  # None unsets it


@contextmanager
def ending(client: MlflowClient, run: str) -> Iterator[None]:
    """End a run as FINISHED, or FAILED by whatever is raised.

    Args:
        client: MLflow's.
        run: The run's id.
    """
    try:
        yield
    except BaseException:
        client.set_terminated(run, "FAILED")
        raise
    client.set_terminated(run, "FINISHED")


def log(
    client: MlflowClient, run: str, params: Mapping[str, Any], metrics: Mapping[str, float]
) -> None:
    """Log parameters as text and metrics, in one call."""
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    client.log_batch(
        run,
        metrics=[Metric(key, value, now, 0) for key, value in metrics.items()],
        params=[Param(key, str(value)[:_MAX_PARAMETER]) for key, value in params.items()],
    )  # fmt: skip


def _requirements() -> Sequence[str]:
    """Pin what answers; without this MLflow would import the model to guess."""
    libraries = ("lightgbm", "mlflow-skinny", "numpy", "scipy")
    return [
        f"nextloop=={nextloop.__version__}",
        *(f"{name}=={version(name)}" for name in libraries),
    ]


def _close_to_others(root: Path, model: Path) -> None:
    """Take away what the umask gave: a model folder is its owner's (0700, files 0600)."""
    for path in (root, root / "models", model, *model.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
