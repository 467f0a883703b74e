"""Registry: where MLflow keeps runs and versions, and the one way in which it is opened.

Comes in: settings. Goes out: a `Store`, and MLflow's client with its noise, telemetry and
tracebacks kept out. MLflow is imported when the store is opened, not before: it takes seconds.

Source: MLflow 3.17, https://mlflow.org/docs/latest/self-hosting/architecture/backend-store/
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nextloop.errors import DataFault, SystemFault, UsageFault
from nextloop.registry.login import Login, login, signed_in
from nextloop.settings import Settings
from nextloop.storage.lake import Lake, open_lake
from nextloop.storage.places import is_bucket

if TYPE_CHECKING:
    from mlflow import MlflowClient

FOLDER: Final = "mlflow"
_ENVIRONMENT: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",  # its faults come to us as exceptions
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_UV_AUTO_DETECT": "false",  # or it copies the working folder's project into the model
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # a dead server is told in seconds, not minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "GIT_PYTHON_REFRESH": "quiet",
}
_SQLITE: Final = "sqlite:///"
_SQLITE_MAGIC: Final = b"SQLite format 3\0"


@dataclass(frozen=True)
class Store:
    """Where the registry is.

    Attributes:
        lake: The lake that the models belong to; its ledger lies there.
        uri: MLflow's tracking and registry address.
        database: The SQLite file of the embedded form, else None.
        artifacts: Folder of the model files; None when a server decides.
        cache: Folder of copies of a server's model files, by digest.
        login: Who signs in at a server, None if nobody needs to.
        experiment: Experiment of training runs.
        model_name: Registered model.
        metric: What versions are ranked by, higher is better.
        margin: By how much a version must beat popularity's metric.
        staging_size: How many versions are staged at most.
    """

    lake: Lake
    uri: str
    database: Path | None
    artifacts: Path | None
    cache: Path
    login: Login | None
    experiment: str
    model_name: str
    metric: str
    margin: float
    staging_size: int

    @property
    def name(self) -> str:
        """The address without its password, for people to read."""
        return re.sub(r"://([^:/@]+):[^@]*@", r"://\1:***@", self.uri)


def locate(settings: Settings) -> Store:
    """Find the registry that the settings name, without opening or making it.

    Args:
        settings: Of this process.

    Returns:
        Where it is.

    Raises:
        DataFault: There is no lake yet.
        UsageFault: The lake's folder is not ours, or its name cannot stand in an address.
    """
    lake = open_lake(settings.lake)
    given = settings.mlflow.tracking_uri
    database = None if given else lake.local(FOLDER) / "mlflow.db"
    if database and re.search("[%?]", str(database)):
        raise UsageFault(
            f"The lake's path {lake.root} holds % or ?, which MLflow's database address cannot.",
            "Use a folder without these two characters, or set NEXTLOOP_MLFLOW__TRACKING_URI.",
        )
    return Store(
        lake=lake,
        uri=given or f"sqlite:///{database}",
        database=database,
        artifacts=_artifacts(lake, given),
        cache=settings.mlflow.model_cache.absolute(),
        login=login(settings.mlflow),
        experiment=settings.mlflow.experiment,
        model_name=settings.registry.model_name,
        metric=f"ndcg_at_{settings.recommender.k}",
        margin=settings.registry.margin,
        staging_size=settings.registry.staging_size,
    )


def _artifacts(lake: Lake, uri: str) -> Path | None:
    """Find the folder of the model files: in the lake, or beside the database of a bucket's."""
    if uri.startswith(("http:", "https:")):
        return None
    if is_bucket(lake.root) and uri.startswith(_SQLITE):
        return Path(uri.removeprefix(_SQLITE)).absolute().parent / "artifacts"
    return lake.local(FOLDER) / "artifacts"


def exists(store: Store) -> bool:
    """Tell whether anything was tracked yet; a server or shared database always counts."""
    return store.database is None or store.database.exists()


@contextmanager
def opened(store: Store) -> Iterator[MlflowClient]:
    """Open MLflow; its exceptions become faults of one line.

    Args:
        store: Where; must exist, see `creation.prepared`.

    Yields:
        MLflow's client for both tracking and registry.

    Raises:
        DataFault: The database is not one, or of another MLflow release.
        SystemFault: The database or server refuses.
    """
    if store.database is not None:
        _check_database(store.database)
    with quietly(store):
        from mlflow import MlflowClient

        yield MlflowClient(store.uri, store.uri)


@contextmanager
def quietly(store: Store) -> Iterator[None]:
    """Run MLflow's code without its telemetry, warnings and tracebacks.

    Args:
        store: Named in the faults.

    Raises:
        DataFault: As `opened`.
        SystemFault: As `opened`.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are about MLflow's own use of other libraries
        with _faults(store), _unlogged(), signed_in(store.login):
            yield


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep MLflow from logging also where somebody imported it before us."""
    log = logging.getLogger("mlflow")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _check_database(database: Path) -> None:
    """Judge the file first: MLflow would try a broken one ten times over 100 seconds."""
    try:
        with database.open("rb") as file:
            start = file.read(len(_SQLITE_MAGIC))
    except OSError as refused:
        raise SystemFault(
            f"MLflow's database {database} cannot be read: {refused.strerror}.",
            "Check who may read it; nextloop train makes it.",
        ) from None
    if start != _SQLITE_MAGIC:
        raise DataFault(
            f"MLflow's database {database} is no SQLite file.", "Restore it from a backup."
        )


@contextmanager
def _faults(store: Store) -> Iterator[None]:
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except MlflowException as refused:
        text = str(refused).strip().splitlines()[0]
        if "out-of-date database schema" in text:
            raise DataFault(
                f"MLflow's database {store.name} was made by another MLflow release.",
                f"Back it up, then run: mlflow db upgrade {store.name}",
            ) from refused
        raise SystemFault(f"MLflow at {store.name} refused: {text}", _hint(text)) from refused
    except SQLAlchemyError as refused:
        text = str(refused).strip().splitlines()[0]
        raise SystemFault(f"MLflow's database {store.name} refused: {text}", _ASK) from refused


def _hint(text: str) -> str:
    return _SIGN_IN if re.search(r"\b(401|403|PERMISSION_DENIED)\b", text) else _ASK


_SIGN_IN: Final = (
    "Set NEXTLOOP_MLFLOW__USERNAME and NEXTLOOP_MLFLOW__PASSWORD_FILE to a user of this server "
    "who may do that; make mlflow names one."
)
_ASK: Final = "Check that it runs and that the disk has space, then run the command again."
