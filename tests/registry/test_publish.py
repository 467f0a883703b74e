"""A published training can be traced, found again after a move, and loaded without a pickle."""

from __future__ import annotations

import stat
from datetime import date
from pathlib import Path

import pytest

from nextloop.errors import DataFault, SystemFault, UsageFault
from nextloop.registry import artifact, lifecycle
from nextloop.registry.publish import publish
from nextloop.registry.resolve import resolve
from nextloop.registry.store import locate, opened
from nextloop.registry.tracking import TrainedModel
from nextloop.registry.versions import every


def test_a_training_becomes_one_version_a_model(published):
    """Versions are numbered in the training's order and carry name, date, digest and metrics."""
    lake, refs = published
    assert [(ref.version, ref.model) for ref in refs] == [
        (1, "popularity"), (2, "context"), (3, "together"), (4, "ranker"),
    ]  # fmt: skip
    best = refs[3]
    assert best.as_of == date(2017, 12, 25)
    assert best.metrics == {
        "ndcg_at_10": 0.41, "recall_at_10": 0.205, "validation_ndcg_at_10": 0.40,
    }  # fmt: skip
    files = artifact.read(best.bundle_folder, best.digest)
    assert files["bundle.json"] == '{"model": "ranker", "처음": 1}'.encode()
    assert best.bundle_folder.is_relative_to(lake)


def test_versions_are_listed_as_they_were_registered(embedded, published):
    """What MLflow gives back equals what publishing returned, but for the lake's place."""
    store = locate(embedded)
    with opened(store) as client:
        found = every(client, store)
    assert [(r.version, r.model, r.digest, r.place, r.metrics, r.training, r.run, r.as_of)
            for r in found] == [(r.version, r.model, r.digest, r.place, r.metrics, r.training,
                                 r.run, r.as_of) for r in published[1]]  # fmt: skip


def test_a_run_says_what_it_was_made_from(settings):
    """Each model's run names tables, code, locks, libraries, seeds and the digest of its files."""
    store = locate(settings)
    with opened(store) as client:
        ref = every(client, store)[3]
        run, parent = client.get_run(ref.run), client.get_run(ref.training)
    tags = run.data.tags
    assert tags["table.interactions"] == "3"
    assert tags["table.item_features"] == "2"
    assert tags["as_of"] == "2017-12-25"
    assert tags["mlflow.parentRunId"] == ref.training
    assert {"code.commit", "code.dirty", "python", "library.lightgbm"} <= tags.keys()
    assert len(tags["environment.sha256"]) == 64
    assert len(tags["lock.demo"]) == 64
    assert run.data.params["seed"] == "7"
    assert run.data.params["digest"] == ref.digest
    assert (run.info.status, parent.info.status) == ("FINISHED", "FINISHED")


def test_no_pickle_is_written_and_only_the_owner_may_look(published):
    """MLflow's folder has no pickle and no copy of the working folder; it is closed to others."""
    folder = published[0] / "mlflow"
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in written} <= {
        ".db", ".lock", ".json", ".txt", ".yaml", ".py", "",
    }  # fmt: skip
    assert {path.name for path in written if not path.suffix} <= {
        "MLmodel",
        "registered_model_meta",
    }
    assert not [path for path in written if b"cloudpickle" in path.read_bytes()[:64]]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "mlflow.db").stat().st_mode) == 0o600
    for path in (folder / "artifacts/models").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_first_use_that_was_killed_does_no_harm(published):
    """The store was made although an earlier try had left half a database, which is gone."""
    assert {path.name for path in (published[0] / "mlflow").iterdir()} == {
        "artifacts", "creation.lock", "mlflow.db",
    }  # fmt: skip


def test_models_are_found_after_the_lake_moved(embedded, published, again):
    """A moved lake resolves to its own files, and the next training is written into it."""
    ref = resolve("4", embedded)
    assert ref.bundle_folder.is_relative_to(embedded.lake)
    assert artifact.read(ref.bundle_folder, ref.digest)
    before = sorted(published[0].rglob("*"))
    newer = again(embedded)
    assert [each.version for each in newer] == [5, 6, 7, 8]
    assert all(each.bundle_folder.is_relative_to(embedded.lake) for each in newer)
    assert sorted(published[0].rglob("*")) == before


def test_mlflow_finds_its_files_after_the_lake_moved(embedded):
    """Reconcile makes the paths in MLflow's database those of the moved lake, once."""
    assert "the lake lies in" in lifecycle.reconcile(embedded)[0]
    assert lifecycle.reconcile(embedded) == []
    with opened(locate(embedded)) as client:
        uri = client.get_model_version_download_uri("recommender", "4")
    assert Path(uri).is_relative_to(embedded.lake)
    assert (Path(uri) / "MLmodel").exists()


def test_a_failed_training_is_never_staged(settings):
    """If one model cannot be stored, the training's run fails and no version comes of it."""
    good = TrainedModel("popularity", {}, {"ndcg_at_10": 0.9}, {"a.json": b"{}"})
    bad = TrainedModel("ranker", {}, {"ndcg_at_10": 0.9}, {"a.pkl": b"x"})
    with pytest.raises(DataFault, match=r"'a\.pkl' is no model file"):
        publish([good, bad], settings, as_of=date(2018, 1, 1), table_versions={}, params={})
    assert lifecycle.stage_best(settings).staged == (1, 2, 4)
    with opened(locate(settings)) as client:
        newest = client.search_runs(["1"], "tags.`mlflow.runName` = 'training 2018-01-01'")
    assert [run.info.status for run in newest] == ["FAILED"]


def test_nothing_and_namesakes_are_not_published(settings):
    """A training has at least one model, and each has a name of its own."""
    one = TrainedModel("popularity", {}, {}, {"a.json": b"{}"})
    for models in ([], [one, one]):
        with pytest.raises(UsageFault, match="different names"):
            publish(models, settings, as_of=date(2018, 1, 1), table_versions={}, params={})


def test_a_broken_database_is_told_at_once(embedded):
    """A file that is no database, or is gone, is named; MLflow does not retry for minutes."""
    database = Path(embedded.lake) / "mlflow/mlflow.db"
    database.write_bytes(b"not a database")
    with pytest.raises(DataFault, match="is no SQLite file"):
        resolve("4", embedded)
    database.unlink()
    with pytest.raises(DataFault, match="There is no model in"):
        lifecycle.stage_best(embedded)


def test_a_damaged_database_is_a_system_fault(embedded):
    """SQLite's own complaint comes out as one line."""
    database = Path(embedded.lake) / "mlflow/mlflow.db"
    database.write_bytes(database.read_bytes()[:5000])
    with pytest.raises(SystemFault, match=r"mlflow\.db refused"):
        resolve("4", embedded)
