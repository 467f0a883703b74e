"""What a command is given, and that a key is only ever in memory."""

from __future__ import annotations

import json

import pytest
from airflow.sdk.exceptions import AirflowFailException

from nextloop_orchestration.surroundings import KEY_FILE, surroundings

KEY = {"type": "service_account", "private_key": "planted-secret"}


def connect(monkeypatch, **extra):
    connection = {"conn_type": "google_cloud_platform", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_LANDING", json.dumps(connection))


def test_airflows_own_variables_stay_with_airflow(monkeypatch):
    """Its database's password and connections are no business of the command."""
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_ALERTS", "slackwebhook://:planted@")
    monkeypatch.setenv("NEXTLOOP_LAKE", "gs://lake")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1")
    given = surroundings("landing", buckets=False).variables
    assert not [name for name in given if name.startswith("AIRFLOW")]
    assert given["NEXTLOOP_LAKE"] == "gs://lake"
    assert given["STORAGE_EMULATOR_HOST"] == "http://127.0.0.1:1"


@pytest.mark.parametrize("name", ["keyfile_dict", "extra__google_cloud_platform__keyfile_dict"])
@pytest.mark.parametrize("form", [dict, json.dumps])
def test_a_connections_key_is_given_as_json(monkeypatch, name, form):
    """As a mapping or as text, by its new and its old name; no variable holds it."""
    connect(monkeypatch, **{name: form(KEY)})
    given = surroundings("landing", buckets=True)
    assert json.loads(given.key) == KEY
    assert "planted-secret" not in repr(given)


def test_a_connection_without_a_key_leaves_it_to_the_machine(monkeypatch):
    """Application Default Credentials or workload identity count then."""
    connect(monkeypatch, is_anonymous=True)
    given = surroundings("landing", buckets=True)
    assert given.key is None
    assert KEY_FILE not in given.variables


def test_a_key_files_path_is_handed_on(monkeypatch):
    """The file stays where the connection says."""
    connect(monkeypatch, key_path="/run/secrets/key.json")
    assert surroundings("landing", buckets=True).variables[KEY_FILE] == "/run/secrets/key.json"


def test_a_missing_connection_says_how_to_add_it():
    """With the line to type."""
    with pytest.raises(AirflowFailException, match="airflow connections add landing --conn-type"):
        surroundings("landing", buckets=True)


def test_local_folders_ask_for_no_connection():
    """There is none, and none is needed."""
    assert surroundings("landing", buckets=False).key is None


def test_a_broken_key_is_not_shown(monkeypatch):
    """Neither the message nor what caused it holds the text."""
    connect(monkeypatch, keyfile_dict='{"private_key": "planted-secret"')
    with pytest.raises(AirflowFailException, match="landing is not JSON") as raised:
        surroundings("landing", buckets=True)
    assert "planted-secret" not in str(raised.value)
    assert raised.value.__suppress_context__
