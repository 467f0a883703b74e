"""Registry: model versions, made of logged models and read back.

Comes in: logged models, or a version's number. Goes out: `ModelRef`s. Which state a version is in
is not MLflow's to say: see `ledger`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nextloop.errors import DataFault
from nextloop.registry import fetching
from nextloop.registry.store import Store
from nextloop.registry.tracking import LoggedModel, fluent

if TYPE_CHECKING:
    from mlflow import MlflowClient

_PAGE: Final = 200
_RETRAIN: Final = "Make versions that this release knows with: nextloop train"


@dataclass(frozen=True)
class ModelRef:
    """One model version, resolved: all that is needed to load and to name it.

    Attributes:
        version: Number in the registry, from 1.
        model: Kind of model, such as `popularity`.
        digest: SHA-256 of its bundle's manifest; `artifact.read` asks for it.
        bundle_folder: Its files.
        place: The same, relative to the models' folder.
        created: When it was registered, UTC.
        as_of: Last day that it learned from.
        training: Run of the training that made it; empty when only the ledger was asked.
        run: Its own run; empty when only the ledger was asked.
        metrics: On its training's holdout; `validation_...` on the days before it.
    """

    version: int
    model: str
    digest: str
    bundle_folder: Path
    place: str
    created: datetime
    as_of: date
    training: str
    run: str
    metrics: Mapping[str, float]


def register(
    client: MlflowClient, store: Store, logged: Sequence[LoggedModel], as_of: date
) -> list[ModelRef]:
    """Make a version of each logged model.

    Args:
        client: MLflow's.
        store: Where.
        logged: In the order in which versions are numbered.
        as_of: Last day that they learned from.

    Returns:
        The versions, in the same order.
    """
    _make_model(client, store.model_name)
    with fluent(store):
        return [_version(client, store, each, as_of) for each in logged]


def _version(client: MlflowClient, store: Store, logged: LoggedModel, as_of: date) -> ModelRef:
    version = client.create_model_version(
        store.model_name,
        f"models:/{logged.model_id}",
        run_id=logged.run,
        model_id=logged.model_id,
        tags={
            "model": logged.model.name,
            "training": logged.training,
            "as_of": as_of.isoformat(),
            "digest": logged.digest,
            "place": logged.place,
        },
    )
    # The tag by which MLflow's page of the logged model links to its version.
    link = [{"name": store.model_name, "version": str(version.version)}]
    client.set_logged_model_tags(logged.model_id, {"mlflow.modelVersions": json.dumps(link)})
    return _ref(store, version, logged.model.all_metrics)


def _make_model(client: MlflowClient, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name, description="NextLoop's recommender, see its ledger")
    except MlflowException as refused:
        if refused.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def every(client: MlflowClient, store: Store) -> list[ModelRef]:
    """List all versions, oldest first.

    Args:
        client: MLflow's.
        store: Where.

    Returns:
        One an existing version.

    Raises:
        DataFault: A version was not registered by NextLoop.
    """
    found = list(pages(client, store))
    metrics = _metrics(client, [version.run_id for version in found])
    refs = [_ref(store, version, metrics.get(version.run_id, {})) for version in found]
    return sorted(refs, key=lambda ref: ref.version)


def pages(client: MlflowClient, store: Store) -> Iterator[Any]:
    """Yield MLflow's own objects for all versions of the registered model, in no order."""
    token = None
    while True:
        page = client.search_model_versions(
            f"name = '{store.model_name}'", max_results=_PAGE, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return


def _metrics(client: MlflowClient, runs: Sequence[str]) -> dict[str, Mapping[str, float]]:
    return {run: client.get_run(run).data.metrics for run in dict.fromkeys(runs)}


def _ref(store: Store, version: Any, metrics: Mapping[str, float]) -> ModelRef:
    tags = version.tags
    try:
        return ModelRef(
            version=int(version.version),
            model=tags["model"],
            digest=tags["digest"],
            bundle_folder=folder_of(store, tags["place"], tags["digest"]),
            place=tags["place"],
            created=datetime.fromtimestamp(version.creation_timestamp / 1000, UTC),
            as_of=date.fromisoformat(tags["as_of"]),
            training=tags["training"],
            run=version.run_id or "",
            metrics=dict(metrics),
        )
    except (KeyError, ValueError) as missing:
        raise DataFault(
            f"Version {version.version} of {store.model_name} was not registered by NextLoop: "
            f"its tag {missing} is missing or wrong.",
            "Delete it in MLflow, or give NextLoop a name of its own: "
            "NEXTLOOP_REGISTRY__MODEL_NAME.",
        ) from None


def folder_of(store: Store, place: str, digest: str) -> Path:
    """Find a bundle's folder under the models' folder, wherever the lake lies now.

    Args:
        store: Where.
        place: As the version's tag or the ledger says it.
        digest: The same of its digest, by which copies of a server's files are found.

    Returns:
        The folder; whether it is there is for `artifact.read` to say.

    Raises:
        DataFault: The place leads out of the models' folder, or is none.
    """
    if fetching.is_address(place):
        return fetching.cached(store.cache, digest)
    path = Path(place.removeprefix("file://"))
    if store.artifacts is None:
        if not path.is_absolute():
            raise DataFault(
                f"The model's files lie at {place}, which is no folder of this machine.",
                "Let the MLflow server serve its artifacts, or give it a folder that is shared.",
            )
        return path
    if path.is_absolute() or ".." in path.parts:
        raise DataFault(f"The model's place {place!r} leads out of {store.artifacts}.", _RETRAIN)
    return store.artifacts / path
