"""Registry: makes the embedded MLflow store on first use, and moves it along with its lake.

Comes in: a `Store`. Goes out: a database that is whole or not there, and the experiment's id.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nextloop import locks
from nextloop.registry.store import Store, exists, opened, quietly

if TYPE_CHECKING:
    from mlflow import MlflowClient

# Every column of MLflow 3.17's schema that holds the path of an artifact.
_PATHS: Final = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
)


@contextmanager
def prepared(store: Store) -> Iterator[tuple[MlflowClient, str]]:
    """Open MLflow for writing, making what is missing.

    Args:
        store: Where.

    Yields:
        MLflow's client and the experiment's id.

    Raises:
        DataFault: As `store.opened`.
        SystemFault: As `store.opened`.
    """
    if store.database is not None:
        _make_folder(store.database.parent)
        with locks.held(store.database.parent / "creation.lock"):
            if not exists(store):
                _make_database(store, store.database)
            follow_lake(store)
    with opened(store) as client:
        yield client, _experiment(client, store)


def follow_lake(store: Store) -> bool:
    """Point the embedded store at where its lake lies now, after the lake was moved or copied.

    MLflow stores absolute paths and has no call that changes them.

    Args:
        store: Where; its database exists.

    Returns:
        Whether anything had to be changed.
    """
    if store.database is None:
        return False
    now = str(store.artifacts)
    with closing(sqlite3.connect(store.database, timeout=20, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        # The default experiment, made with the database, stands in <artifacts>/0.
        (root,) = database.execute(
            "SELECT artifact_location FROM experiments WHERE experiment_id = 0"
        ).fetchone()
        before = str(Path(root).parent)
        if before != now:
            _replace_paths(database, before, now)
        database.execute("COMMIT")
    return before != now


def _replace_paths(database: sqlite3.Connection, before: str, now: str) -> None:
    for table, column in _PATHS:
        database.execute(
            f"UPDATE {table} SET {column} = :now || substr({column}, length(:before) + 1) "  # noqa: S608 names are ours
            f"WHERE {column} = :before "
            f"OR substr({column}, 1, length(:before) + 1) = :before || '/'",
            {"now": now, "before": before},
        )


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)  # models and their metrics are the owner's, whatever the umask


def _make_database(store: Store, database: Path) -> None:
    """Run MLflow's migrations aside and rename: a killed first use leaves no half a schema."""
    new = database.with_name(f".{database.name}.new")
    for scrap in database.parent.glob(f"{new.name}*"):  # of a process that was killed here
        scrap.unlink()
    handle = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with quietly(store):
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
        from sqlalchemy import Engine, event

        # Sixty migrations would wait for the disk hundreds of times; once at the end is enough.
        event.listen(Engine, "connect", _without_waiting)
        try:
            address = f"sqlite:///{new}"
            made = SqlAlchemyStore(address, str(store.artifacts))  # type: ignore[no-untyped-call]
            made.engine.dispose()
        finally:
            event.remove(Engine, "connect", _without_waiting)
    os.fsync(handle)
    os.close(handle)
    new.replace(database)


def _without_waiting(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def _experiment(client: MlflowClient, store: Store) -> str:
    from mlflow.exceptions import MlflowException

    if found := client.get_experiment_by_name(store.experiment):
        return str(found.experiment_id)
    place = None if store.artifacts is None else str(store.artifacts)
    try:
        return str(client.create_experiment(store.experiment, artifact_location=place))
    except MlflowException as refused:
        if refused.error_code == "RESOURCE_ALREADY_EXISTS" and (
            found := client.get_experiment_by_name(store.experiment)
        ):
            return str(found.experiment_id)  # another process was quicker
        raise
