"""One lake with one published training, made once and copied: MLflow's first use takes seconds."""

from __future__ import annotations

import secrets
import shutil
from datetime import date

import pytest
from tests.registry import mlflow_server

from nextloop import settings as settings_tree
from nextloop.registry.publish import publish
from nextloop.registry.tracking import TrainedModel
from nextloop.storage.lake import create_lake

AS_OF = date(2017, 12, 25)

# version: model, NDCG@10 on the holdout, the same before it
MEASURED = {
    1: ("popularity", 0.30, 0.31),
    2: ("context", 0.33, 0.32),
    3: ("together", 0.29, 0.30),
    4: ("ranker", 0.41, 0.40),
}


def trained(name, ndcg, before, text):
    """Make a model as training hands it over, with small real files."""
    return TrainedModel(
        name=name,
        params={"model": name, "seed": 7},
        metrics={"ndcg_at_10": ndcg, "recall_at_10": ndcg / 2, "explore": float("nan")},
        files={"bundle.json": f'{{"model": "{name}", "{text}": 1}}'.encode(), "trees.txt": b"tree"},
        validation={"ndcg_at_10": before},
    )


def publish_again(settings, measured=None, text="다시"):
    """Publish one more training into a lake."""
    return publish(
        [trained(name, ndcg, before, text) for name, ndcg, before in measured or MEASURED.values()],
        settings,
        as_of=AS_OF,
        table_versions={"interactions": 3, "item_features": 2},
        params={"seed": 7},
    )


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """A lake with versions 1 to 4 as `MEASURED` says; not to be written to."""
    lake = tmp_path_factory.mktemp("published") / "호텔 lake"
    create_lake(lake, "0" * 16)
    # What a first use that was killed leaves behind.
    (lake / "mlflow").mkdir()
    (lake / "mlflow/.mlflow.db.new").write_bytes(b"half a database")
    (lake / "mlflow/.mlflow.db.new-journal").write_bytes(b"half a journal")
    refs = publish_again(settings_tree.load({"lake": str(lake)}), text="처음")
    return lake, refs


@pytest.fixture
def embedded(published, tmp_path):
    """Settings of a copy of that lake, in another place than it was made in."""
    lake = tmp_path / "옮긴 lake"
    shutil.copytree(published[0], lake)
    return settings_tree.load({"lake": str(lake)})


@pytest.fixture(scope="session")
def served(server, tmp_path_factory):
    """The same training on the server: its flags, and its versions."""
    lake = tmp_path_factory.mktemp("served") / "lake"
    create_lake(lake, "0" * 16)
    cache = str(tmp_path_factory.mktemp("cache"))
    flags = server | {"lake": str(lake), "mlflow.model_cache": cache}
    return flags, publish_again(settings_tree.load(flags), text="처음")


@pytest.fixture
def on_server(served, tmp_path):
    """Settings of a new lake and of a registered model of its own with the server's versions."""
    create_lake(tmp_path / "lake", "0" * 16)
    name = f"recommender-{secrets.token_hex(8)}"
    flags = served[0] | {"lake": str(tmp_path / "lake"), "registry.model_name": name}
    mlflow_server.copy_versions(settings_tree.load(served[0]), name)
    return settings_tree.load(flags | {"mlflow.model_cache": str(tmp_path / "models")})


@pytest.fixture(params=["sqlite", pytest.param("server", marks=pytest.mark.mlflow)])
def settings(request):
    """Versions 1 to 4 as `MEASURED` says, once in SQLite and once on a server."""
    name = {"sqlite": "embedded", "server": "on_server"}[request.param]
    return request.getfixturevalue(name)


@pytest.fixture
def no_models(tmp_path):
    """Settings of a lake in which nothing was trained."""
    create_lake(tmp_path / "empty", "0" * 16)
    return settings_tree.load({"lake": str(tmp_path / "empty")})


@pytest.fixture
def again():
    """Publish one more training: call with settings."""
    return publish_again


@pytest.fixture
def mlflow_says():
    """Read back what MLflow shows: the alias and each version's tag."""
    from nextloop.registry.store import locate, opened
    from nextloop.registry.versions import pages

    def look(settings):
        with opened(locate(settings)) as client:
            store = locate(settings)
            tags = {int(v.version): v.tags.get("lifecycle") for v in pages(client, store)}
            alias = client.get_registered_model(store.model_name).aliases.get("production")
            return (None if alias is None else int(alias)), tags

    return look


@pytest.fixture
def flags(settings):
    """The same settings as flags, for other processes."""
    named = {"lake": settings.lake, "registry.model_name": settings.registry.model_name}
    if not settings.mlflow.tracking_uri:
        return named
    return named | {
        "mlflow.tracking_uri": settings.mlflow.tracking_uri,
        "mlflow.username": settings.mlflow.username,
        "mlflow.password_file": str(settings.mlflow.password_file),
        "mlflow.model_cache": str(settings.mlflow.model_cache),
    }
