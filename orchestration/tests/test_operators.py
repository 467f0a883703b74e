"""A step's outcome in Airflow: report, failure or retry; the project's own command is run."""

from __future__ import annotations

import json

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from conftest import execute
from nextloop_orchestration.operators import NextLoopOperator
from stations import DEV

SETTINGS = json.dumps(
    {name: {"value": text} for name, text in {"landing": "landing", "lake": "lake"}.items()}
)
COMMAND = f"""#!/bin/sh
[ "$1" = settings ] && {{ echo '{SETTINGS}'; exit; }}
"""


def run(*arguments, **options):
    """Run a step of the weekly batch."""
    step = NextLoopOperator(task_id="step", arguments=list(arguments), **options)
    return execute(step)


def test_a_report_is_what_the_step_returns(program):
    """The command is asked for JSON."""
    program(COMMAND + 'printf \'{"arguments": "%s"}\' "$*"')
    assert run("train", "--as-of", "2026-11-15") == {"arguments": "train --as-of 2026-11-15 --json"}


def test_refused_files_go_on_to_who_asks_for_them(program):
    """Ingest has published the good files: its report is success where that is allowed."""
    program(COMMAND + 'echo \'{"refused": [{"file_name": "w.csv"}]}\'; exit 3')
    report = run("ingest", refusals_are_reported=True)
    assert report["refused"][0]["file_name"] == "w.csv"
    with pytest.raises(AirflowFailException):
        run("ingest")


def test_a_data_fault_without_a_report_fails_for_good(program):
    """Nothing was published then."""
    program(COMMAND + "echo 'error: the landing is empty' >&2; exit 3")
    with pytest.raises(AirflowFailException, match="the landing is empty"):
        run("ingest", refusals_are_reported=True)


def test_a_system_fault_is_tried_again(program):
    """The next attempt may find the disk or the bucket again."""
    program(COMMAND + "echo 'error: the bucket did not answer' >&2; exit 4")
    with pytest.raises(AirflowException, match="the bucket did not answer") as raised:
        run("ingest")
    assert not isinstance(raised.value, AirflowFailException)


def test_a_missing_command_says_which_setting(monkeypatch):
    """Where tasks run is where it must be."""
    monkeypatch.setenv("AIRFLOW__NEXTLOOP__COMMAND", "/nowhere/nextloop")
    with pytest.raises(AirflowFailException, match="AIRFLOW__NEXTLOOP__COMMAND"):
        run("ingest")


def test_a_step_that_was_killed_starts_nothing(program, tmp_path):
    """A kill that comes before the command starts is not lost."""
    program(COMMAND + f"touch {tmp_path}/started; echo '{{}}'")
    step = NextLoopOperator(task_id="step", arguments=["ingest"])
    step.on_kill()
    with pytest.raises(AirflowException, match="ended before"):
        execute(step)
    assert not (tmp_path / "started").exists()


def test_the_connections_key_is_read_from_the_standard_input(program, tmp_path, monkeypatch):
    """The setting says so; neither arguments nor environment have it."""
    extra = {"keyfile_dict": {"private_key": "planted-secret"}}
    connection = {"conn_type": "google_cloud_platform", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT", json.dumps(connection))
    gs = SETTINGS.replace('"lake"}', '"gs://lake"}')
    program(
        COMMAND.replace(SETTINGS, gs) + f"cat > {tmp_path}/key; env > {tmp_path}/environment\n"
        'printf \'{"arguments": "%s"}\' "$*"'
    )
    assert "planted-secret" not in run("ingest")["arguments"]
    assert json.loads((tmp_path / "key").read_text())["private_key"] == "planted-secret"
    environment = (tmp_path / "environment").read_text()
    assert "NEXTLOOP_GCS__SERVICE_ACCOUNT_KEY_FILE=-" in environment
    assert "planted-secret" not in environment


def test_the_projects_own_command_runs(tmp_path, monkeypatch):
    """Its settings file counts in the folder that is set, and its words come through."""
    (tmp_path / "nextloop.toml").write_text(f'landing = "{tmp_path}/empty"\nlake = "lake"\n')
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("AIRFLOW__NEXTLOOP__COMMAND", str(DEV / "nextloop"))
    monkeypatch.setenv("AIRFLOW__NEXTLOOP__FOLDER", str(tmp_path))
    with pytest.raises(AirflowFailException, match=r"empty holds no order file[\s\S]*simulate"):
        run("ingest")
    monkeypatch.setenv("NEXTLOOP_NONSENSE", "1")
    with pytest.raises(AirflowFailException, match="NEXTLOOP_NONSENSE is no setting"):
        run("ingest")
