"""What the settings ask of Apache Spark is what it is told."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import nextloop
from nextloop import settings
from nextloop.errors import UsageFault
from nextloop.spark import configuration, task_environment, worker_fault
from nextloop.spark.configuration import WAIT, code_path, python_of
from nextloop.spark.reaching import addresses, is_here


def test_settings_not_given_are_left_to_spark():
    """What nobody asked for does not hide what Spark's own files say."""
    assert configuration(settings.load({})) == {WAIT: "120"}


def test_each_setting_is_passed_on():
    """Every wish has Spark's name."""
    asked = {
        "spark_cluster.driver_memory": "3g",
        "spark_cluster.executor_memory": "700m",
        "spark_cluster.executor_cores": 4,
        "spark_cluster.cores": 12,
        "spark_cluster.shuffle_partitions": 64,
        "spark_cluster.python": "/opt/nextloop/bin/python",
        "spark_cluster.wait_seconds": 7,
        "log_level": "debug",
    }
    assert configuration(settings.load(asked)) == {
        "spark.driver.memory": "3g",
        "spark.executor.memory": "700m",
        "spark.executor.cores": "4",
        "spark.cores.max": "12",
        "spark.sql.shuffle.partitions": "64",
        "spark.pyspark.python": "/opt/nextloop/bin/python",
        WAIT: "7",
        "spark.log.level": "WARN",
    }


@pytest.mark.parametrize("memory", ["2", "2gb", "0g", "-1g", "2 g", ""])
def test_memory_that_spark_would_not_take_is_refused(memory):
    """A size is refused where it is set, not a minute later."""
    with pytest.raises(UsageFault):
        settings.load({"spark_cluster.executor_memory": memory})


def test_tasks_import_what_the_driver_imports(monkeypatch):
    """A checkout reaches tasks on this machine; elsewhere the package must be installed."""
    monkeypatch.setenv("PYTHONPATH", "/mine")
    ours = str(Path(nextloop.__file__).parents[1])
    here = task_environment({"PYTHONPATH": f"{ours}{os.pathsep}/mine"})
    for master in ("local[2]", "spark://127.0.0.1:7077"):
        assert code_path(master) == here
    assert code_path("spark://elsewhere:7077") == {}


def test_installed_package_needs_no_path(monkeypatch):
    """What lies among the environment's packages is found by its Python."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(Path(nextloop.__file__).parents[1]))
    assert code_path("local[2]") == {}


def test_python_of_tasks(monkeypatch):
    """The setting counts more than PYSPARK_PYTHON, which counts more than this Python."""
    monkeypatch.setenv("PYSPARK_PYTHON", "/usr/bin/python3")
    assert python_of({"spark.pyspark.python": "/opt/python"}) == "/opt/python"
    assert python_of({}) == "/usr/bin/python3"
    monkeypatch.delenv("PYSPARK_PYTHON")
    assert python_of({}) == sys.executable


def test_addresses_of_masters():
    """A master that others stand by for is reached at any of its addresses."""
    assert addresses("spark://a:1,b-c.d:22") == [("a", 1), ("b-c.d", 22)]
    assert addresses("local[2]") == []
    assert is_here("local[*]")
    assert is_here("spark://localhost:7077")
    assert not is_here("spark://127.0.0.1:7077,other:7077")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('IOException: Cannot run program "/opt/python": error=2', "no Python at /opt/python"),
        ("No module named 'nextloop.orders'", "no Python package nextloop.orders"),
        (
            "[PYTHON_VERSION_MISMATCH] Python in worker has different version: 3.9 than that in",
            "run Python 3.9",
        ),
    ],
)
def test_what_workers_lack_is_told(said, told):
    """The engine's words for it become one sentence."""
    fault = worker_fault(f"Job aborted due to stage failure\n{said}\n\tat java.base")
    assert fault is not None
    assert told in fault.message


def test_other_failures_are_left_alone():
    """A task's own error is somebody else's to tell."""
    assert worker_fault("ValueError: customer 12 of room 'Ocean501'") is None
