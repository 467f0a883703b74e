"""A session of Apache Spark: what it is told, what it leaves behind, and how it fails."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest
from tests.ports import free_port

from nextloop.spark import worker_fault

ROOT = Path(__file__).parents[2]
SECONDS = 480

pytestmark = [pytest.mark.spark, pytest.mark.timeout(600)]


def run(arguments: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process that has never spoken Spark Connect."""
    return subprocess.run(
        [sys.executable, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        cwd=ROOT,
        env={**os.environ, **variables},
    )


@pytest.fixture(scope="module")
def life(tmp_path_factory) -> dict[str, Any]:
    """Three sessions in one process: as usual, with a Python that has no packages, embedded."""
    bare = tmp_path_factory.mktemp("bare")
    venv.create(bare, symlinks=True)
    conf = tmp_path_factory.mktemp("conf")
    defaults = "spark.sql.shuffle.partitions 5\nspark.sql.ansi.enabled false\n"
    (conf / "spark-defaults.conf").write_text(f"{defaults}spark.log.level FATAL\n")
    done = run(
        ["-m", "tests.spark.three_sessions", str(bare / "bin" / "python"), str(conf / "mark")],
        SPARK_CONF_DIR=str(conf),
        NEXTLOOP_PRIVACY__GUEST_KEY="k" * 40,
    )
    assert (done.stderr, done.returncode) == ("", 0)  # the engine's own words are kept back
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_options_count_more_than_files_and_files_more_than_defaults(life):
    """The caller, then spark-defaults.conf, then what fits our jobs."""
    assert life["ours"]["conf"] == {
        "spark.sql.shuffle.partitions": "3",
        "spark.sql.ansi.enabled": "false",
        "spark.log.level": "FATAL",
        "spark.sql.session.timeZone": "UTC",
        "spark.speculation": "false",
        "spark.driver.host": "127.0.0.1",
    }


def test_tasks_have_the_callers_variables(life):
    """What reaches a bucket reaches the tasks."""
    assert life["ours"]["value"] == "given"


def test_what_workers_lack_is_told(life):
    """Tasks run the Python that is set; what it cannot import is named, and what to do."""
    fault = worker_fault(life["bare"]["value"])
    assert fault is not None
    assert re.match(r"The engine's workers have no Python package (pyarrow|numpy)", fault.message)
    assert "NEXTLOOP_SPARK_CLUSTER__PYTHON" in fault.hint


def test_no_secret_shows_in_the_list_of_processes(life):
    """Options may hold tokens: the JVM is not started with them, nor with our settings."""
    assert "hush-hush" not in life["ours"]["arguments"]
    assert "NEXTLOOP_" not in life["ours"]["environment"]


def test_jvm_ends_with_its_session(life):
    """Training has the memory, and the next session one of its own."""
    assert [life[name]["left"] for name in ("ours", "bare")] == [[], []]
    assert life["sail"] == 7


def test_ctrl_c_ends_a_task_that_would_run_for_minutes(life):
    """The process's own answer comes at once, and the engine's work ends with it."""
    assert life["ours"]["interrupted"]


def test_interrupts_are_answered_as_before(life):
    """PySpark's own handler would outlive the session and fail."""
    assert life["ours"]["handler is ours"]


NEVER = """
import json, sys
from nextloop import spark
from nextloop.errors import SystemFault
try:
    with spark.session(sys.argv[1], json.loads(sys.argv[2])):
        pass
except SystemFault as fault:
    print(json.dumps([fault.message, fault.hint]))
"""


def fault(engine: str, options: dict[str, str] | None = None, **variables: str) -> tuple[str, str]:
    """Open a session that cannot be, and return what is said of it."""
    done = run(["-c", NEVER, engine, json.dumps(options or {})], **variables)
    assert (done.stderr, done.returncode) == ("", 0)
    message, hint = json.loads(done.stdout)
    return message, hint


def test_unreachable_master_is_told_at_once():
    """Spark would go on trying for a minute."""
    url = f"spark://127.0.0.1:{free_port()}"
    message, hint = fault(url)
    assert message == f"No Apache Spark master answers on {url} (Connection refused)."
    assert "nextloop spark-cluster up" in hint


def test_token_of_an_unreachable_server_is_not_told():
    """A Spark Connect address may end in a token, which is nobody's business."""
    place = f"127.0.0.1:{free_port()}"
    message, _ = fault(f"sc://{place}/;token=hush-hush")
    assert message == f"No Spark Connect server answers on {place} (Connection refused)."


def test_missing_java_is_told():
    """The advice says what to install, and what does without."""
    message, hint = fault("local[2]", JAVA_HOME="", PATH="/nowhere")
    assert message == "There is no Java in PATH, and Apache Spark needs it."
    assert "NEXTLOOP_SPARK=sail" in hint


def test_old_java_is_told(tmp_path):
    """A Java that cannot read Apache Spark's classes is named as the reason."""
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    said = "java.lang.UnsupportedClassVersionError: org/apache/spark/launcher/Main 61.0"
    java.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    java.chmod(0o755)
    message, hint = fault("local[2]", JAVA_HOME=str(tmp_path))
    assert message == "Apache Spark did not start: its Java is too old."
    assert hint == "Install Java 17."


def test_impossible_memory_is_told():
    """A JVM that cannot have its memory says which setting to change."""
    message, hint = fault("local[2]", {"spark.driver.memory": "900000g"})
    assert "memory" in message
    assert "NEXTLOOP_SPARK_CLUSTER__DRIVER_MEMORY" in hint


def test_cluster_too_small_for_what_is_asked(cluster):
    """A job that no worker can take says so instead of waiting for ever."""
    variables = {**cluster.variables, "NEXTLOOP_SPARK_CLUSTER__EXECUTOR_MEMORY": "900g"}
    code = (
        "from nextloop import settings, spark\n"
        "tree = settings.load({'spark_cluster.wait_seconds': 2})\n"
        "with spark.session(tree.spark, spark.configuration(tree)): pass\n"
    )
    done = run(["-c", code], **variables)
    assert f"{cluster.url} gave no executor within 2 seconds" in done.stderr
    assert "smaller than what is asked of them" in done.stderr
