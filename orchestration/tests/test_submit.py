"""The same steps through the Spark provider's submit operator, on a real cluster at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from conftest import execute
from nextloop_orchestration import spark_application
from nextloop_orchestration.submit import NextLoopSubmitOperator
from stations import DEV, free_port

SETTINGS = {
    "landing": "landing",
    "lake": "lake",
    "spark": "spark://master:7077",
    "gcs.connector": "com.google.cloud.bigdataoss:gcs-connector:hadoop3-2.2.26",
    "spark_cluster.driver_memory": None,
}


def run(*arguments, **options):
    """Run a step of the weekly batch."""
    step = NextLoopSubmitOperator(task_id="step", arguments=list(arguments), **options)
    return execute(step)


@pytest.fixture
def submitted(program, tmp_path, monkeypatch):
    """Put a spark-submit beside the command that does what a script says, and notes all else."""

    def write(script: str, **settings: str) -> None:
        shown = {name: {"value": text} for name, text in {**SETTINGS, **settings}.items()}
        command = program(f"#!/bin/sh\necho '{json.dumps(shown)}'\n")
        submit = command.with_name("spark-submit")
        submit.write_text(
            "#!/bin/sh\n"
            f'printf "%s\\n" "$@" > {tmp_path}/arguments\n'
            f"env > {tmp_path}/environment\n"
            'while [ ! -e "$1" ] || [ "${1%.json}" = "$1" ]; do shift; done; report=$1\n'
            f"{script}\n"
        )
        submit.chmod(0o700)

    return write


def test_the_command_is_submitted_to_the_settings_cluster(submitted, tmp_path, monkeypatch):
    """Master from the settings, client mode, not verbose, the project's Python, no Airflow."""
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_ALERTS", "planted-secret")
    submitted("echo '{\"rows_in\": 3}' > $report")
    assert run("ingest") == {"rows_in": 3}
    arguments = (tmp_path / "arguments").read_text().splitlines()
    assert arguments[:2] == ["--master", "spark://master:7077"]
    assert arguments[-2:] == ["ingest", "--json"]
    assert not {"--verbose", "--deploy-mode", "--packages", "--conf"} & set(arguments)
    environment = (tmp_path / "environment").read_text()
    assert f"PYSPARK_DRIVER_PYTHON={tmp_path}/bin/python" in environment
    assert "AIRFLOW" not in environment


def test_buckets_bring_the_connector(submitted, tmp_path, monkeypatch):
    """By coordinate or by path: a driver that already runs can add neither."""
    connection = {"conn_type": "google_cloud_platform", "extra": {}}
    monkeypatch.setenv("AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT", json.dumps(connection))
    submitted('echo "{}" > $report', lake="gs://lake")
    run("ingest")
    assert (
        f"spark.jars.packages={SETTINGS['gcs.connector']}" in (tmp_path / "arguments").read_text()
    )
    submitted('echo "{}" > $report', lake="gs://lake", **{"gcs.connector": "/opt/gcs.jar"})
    run("ingest")
    assert "spark.jars=/opt/gcs.jar" in (tmp_path / "arguments").read_text()


def test_a_key_is_a_file_in_memory_for_as_long_as_the_task(submitted, tmp_path, monkeypatch):
    """The driver can open it by a path; it is on no disk, in no argument, and gone afterwards."""
    extra = {"keyfile_dict": {"private_key": "planted-secret"}}
    connection = {"conn_type": "google_cloud_platform", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT", json.dumps(connection))
    submitted(
        f'key=$NEXTLOOP_GCS__SERVICE_ACCOUNT_KEY_FILE; cat "$key" > {tmp_path}/key\n'
        f'echo "$key $(stat -Lc %a%F "$key")" > {tmp_path}/about; echo "{{}}" > $report',
        lake="gs://lake",
    )
    run("ingest")
    assert json.loads((tmp_path / "key").read_text())["private_key"] == "planted-secret"
    path, kind = (tmp_path / "about").read_text().split(" ", 1)
    assert (path.startswith(f"/proc/{os.getpid()}/fd/"), kind) == (True, "600regular file\n")
    assert not Path(path).exists()
    for name in ("arguments", "environment"):
        assert "planted-secret" not in (tmp_path / name).read_text()


@pytest.mark.parametrize(("code", "kind"), [(3, AirflowFailException), (4, AirflowException)])
def test_the_commands_exit_code_counts(submitted, code, kind):
    """spark-submit passes it on; the command's own words are the message."""
    submitted(f"echo 'error: no orders' >&2; exit {code}")
    with pytest.raises(
        kind, match=rf"nextloop ingest failed \(exit code {code}\). error: no orders"
    ):
        run("ingest")


def test_refused_files_go_on(submitted):
    """As without a cluster."""
    submitted('echo \'{"refused": ["w.csv"]}\' > $report; exit 3')
    assert run("ingest", refusals_are_reported=True) == {"refused": ["w.csv"]}


def test_a_missing_spark_submit_fails_with_what_is_missing(submitted, monkeypatch):
    """Not with a traceback that names neither."""
    submitted("true")
    monkeypatch.setenv("AIRFLOW__NEXTLOOP__SPARK_SUBMIT", "/nowhere/spark-submit")
    with pytest.raises(AirflowFailException, match="AIRFLOW__NEXTLOOP__SPARK_SUBMIT"):
        run("ingest")


def test_killing_the_task_ends_the_driver(submitted, tmp_path):
    """All that spark-submit has started, not only itself."""
    submitted(f"sleep 300 & echo $! > {tmp_path}/driver; wait")
    step = NextLoopSubmitOperator(task_id="step", arguments=["ingest"])
    before = signal.signal(signal.SIGTERM, lambda *_: step.on_kill())

    def kill_when_it_runs() -> None:
        while not (tmp_path / "driver").exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=kill_when_it_runs).start()
    try:
        with pytest.raises(AirflowException):
            execute(step)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert not Path(f"/proc/{(tmp_path / 'driver').read_text().strip()}/fd/0").exists()


def test_the_driver_ends_with_spark_submit(tmp_path):
    """`kill -9` of spark-submit tells its driver nothing; it notices."""
    report, said, pid = (tmp_path / name for name in ("report.json", "said", "pid"))
    report.touch()
    long = f"simulate --out {tmp_path}/landing --hotels 50 --orders 20000000"
    driver = f"{DEV}/python {spark_application.__file__} {report} {long}"
    script = f"{driver} 2> {said} & echo $! > {pid}; wait"
    with subprocess.Popen(["/bin/sh", "-c", script]) as submit:
        assert _within(60, lambda: said.exists() and "simulate" in said.read_text())
        submit.kill()
    process = Path(f"/proc/{pid.read_text().strip()}/exe")
    assert _within(30, lambda: not process.exists())


def _within(seconds, holds) -> bool:
    end = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(0.1)
    return bool(held)


@pytest.fixture
def cluster(tmp_path):
    """A cluster of the project's own: one master, one worker."""
    ports = ["--port", str(free_port()), "--page-port", str(free_port())]
    nextloop = [DEV / "nextloop", "--quiet", "spark-cluster"]
    folder = ["--folder", str(tmp_path / "cluster"), "--json"]
    made = subprocess.run(
        [*nextloop, "up", "--workers", "1", *ports, *folder], check=True, capture_output=True
    )
    try:
        yield json.loads(made.stdout)["url"]
    finally:
        subprocess.run([*nextloop, "down", *folder], check=True, capture_output=True)


@pytest.mark.timeout(600)
def test_the_batch_runs_on_a_cluster(cluster, tmp_path, monkeypatch):
    """The driver under spark-submit, executors on the worker; report and exit code come back."""
    monkeypatch.setenv("AIRFLOW__NEXTLOOP__COMMAND", str(DEV / "nextloop"))
    for name, text in {
        "SPARK": cluster,
        "SPARK_CLUSTER__FOLDER": tmp_path / "cluster",
        "LANDING": tmp_path / "landing",
        "LAKE": tmp_path / "lake",
        "PRIVACY__GUEST_KEY_FILE": tmp_path / "guest.key",
    }.items():
        monkeypatch.setenv(f"NEXTLOOP_{name}", str(text))
    (tmp_path / "landing").mkdir()
    with pytest.raises(AirflowFailException, match="holds no order file"):
        run("ingest", refusals_are_reported=True)
    made = ["--out", str(tmp_path / "landing"), "--weeks", "1", "--hotels", "1", "--orders", "200"]
    subprocess.run([DEV / "nextloop", "--quiet", "simulate", *made], check=True)
    report = run("ingest", refusals_are_reported=True)
    assert (report["new_files"], report["accepted"]) == (1, 200)
