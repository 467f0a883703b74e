"""The `[nextloop]` section is read whole or refused with a reason."""

from __future__ import annotations

import pytest

from nextloop_orchestration.settings import Settings, SettingsFault, load


def test_defaults_hold_where_nothing_is_set(monkeypatch):
    """An empty section, and empty variables, are the defaults."""
    monkeypatch.setenv("AIRFLOW__NEXTLOOP__OWNER", "")
    assert load() == Settings()


def test_variables_are_read(monkeypatch):
    """Each setting has its AIRFLOW__NEXTLOOP__ variable."""
    monkeypatch.setenv("AIRFLOW__NEXTLOOP__COMMAND", "/opt/nextloop/bin/nextloop")
    monkeypatch.setenv("AIRFLOW__NEXTLOOP__DEADLINE_MINUTES", "90")
    monkeypatch.setenv("AIRFLOW__NEXTLOOP__ROLLOUT", "True")
    found = load()
    assert (found.command, found.rollout) == ("/opt/nextloop/bin/nextloop", True)
    assert found.deadline.total_seconds() == 90 * 60


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("DEADLINE_MINUTES", "soon", "'soon', not a whole number from 1 to 10080"),
        ("DEADLINE_MINUTES", "0", "not a whole number from 1"),
        ("RETRY_SECONDS", "3601", "from 1 to 3600"),
        ("RETRY_SECONDS", "٣", "not a whole number"),
        ("ROLLOUT", "maybe", "'maybe', not true or false"),
        ("COMAND", "x", "comand is no setting. There are: command,"),
    ],
)
def test_wrong_settings_are_refused(monkeypatch, name, text, said):
    """What is wrong is named, with what is allowed."""
    monkeypatch.setenv(f"AIRFLOW__NEXTLOOP__{name}", text)
    with pytest.raises(SettingsFault, match=said):
        load()
