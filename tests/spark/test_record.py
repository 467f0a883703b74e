"""A cluster's folder is one's own, and its record is what the next command goes by."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from nextloop import settings
from nextloop.errors import SystemFault, UsageFault
from nextloop.processes import Process
from nextloop.spark import configuration
from nextloop.spark.cluster import record as records
from nextloop.spark.cluster.record import Record, Shape

SHAPE = Shape(port=7077, page_port=7080, workers=2, cores=1, memory="2g")
RECORD = Record(SHAPE, "a secret", {"master": Process(12, 34, "boot")})


def test_record_is_read_as_it_was_written(tmp_path):
    """Nothing is lost between two commands."""
    records.write(tmp_path, RECORD)
    assert records.read(tmp_path) == RECORD


@pytest.mark.parametrize("text", ["", "{", "[]", '{"shape": {}, "secret": "", "processes": {}}'])
def test_damaged_record_counts_as_none(tmp_path, text):
    """A record that was cut short, or of another version, stops nobody."""
    (tmp_path / "cluster.json").write_text(text)
    assert records.read(tmp_path) is None


def test_secret_is_ones_own(tmp_path):
    """Whoever reads the record could run code as its owner."""
    folder = tmp_path / "state"
    with records.held(folder):
        records.write(folder, RECORD)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "cluster.json").stat().st_mode) == 0o600
    assert "a secret" not in repr(RECORD)


def test_folder_open_to_others_is_refused(tmp_path):
    """A secret is not put where others may look."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    with pytest.raises(UsageFault, match="not yours alone") as refused, records.held(folder):
        pass
    assert str(folder) in refused.value.hint


def test_one_command_at_a_time(tmp_path):
    """Two that start or stop the same cluster do not meet."""
    folder = tmp_path / "state"
    with (
        records.held(folder),
        pytest.raises(SystemFault, match="Another spark-cluster command"),
        records.held(folder),
    ):
        pass


def test_folder_is_where_such_things_lie(monkeypatch):
    """XDG_STATE_HOME, else the home's usual place; the setting counts more."""
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert records.folder_of(None) == Path("/state/nextloop/spark")
    monkeypatch.delenv("XDG_STATE_HOME")
    assert records.folder_of(None) == Path.home() / ".local/state/nextloop/spark"
    assert records.folder_of(Path("/other")) == Path("/other")


def test_cores_are_shared_out(monkeypatch):
    """Workers that are not told otherwise have the machine's cores between them, one at least."""
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    for workers, cores in ((2, 4), (3, 2), (20, 1)):
        tree = settings.load({"spark_cluster.workers": workers})
        assert records.shape_of(tree.spark_cluster).cores == cores


def test_jobs_of_ones_own_are_let_in(tmp_path):
    """The secret goes to a session on that very cluster, and to no other."""
    records.write(tmp_path, RECORD)
    for engine, secret in (
        (SHAPE.url, "a secret"),
        ("spark://127.0.0.1:7078", None),
        ("spark://elsewhere:7077", None),
        ("local[2]", None),
        ("sail", None),
    ):
        tree = settings.load({"spark": engine, "spark_cluster.folder": str(tmp_path)})
        assert configuration(tree).get("spark.authenticate.secret") == secret
