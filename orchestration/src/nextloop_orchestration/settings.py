"""The `[nextloop]` section of Airflow's configuration: the few settings that are Airflow's alone.

Comes in: airflow.cfg or AIRFLOW__NEXTLOOP__... variables. Goes out: one frozen record. Everything
else (landing, lake, engine) is the project's own and is set by NEXTLOOP_... where tasks run.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from airflow.sdk import conf
from airflow.sdk.exceptions import AirflowException

SECTION = "nextloop"
_PREFIX = f"AIRFLOW__{SECTION.upper()}__"
_SWITCH = {"true": True, "false": False}
_A_WEEK = 7 * 24 * 60


class SettingsFault(AirflowException):
    """A setting of the `[nextloop]` section is wrong; Airflow shows the text as an import error."""


@dataclass(frozen=True)
class Settings:
    """What can be set.

    Attributes:
        command: The `nextloop` of the project's environment: a path, or a name on PATH.
        folder: Where the command runs, for nextloop.toml and relative paths; empty: as Airflow.
        spark_submit: For `spark://` engines; empty: the one beside the command.
        google_connection: Id of the connection that reaches gs:// landings.
        slack_connection: Id of the Slack webhook's connection.
        owner: Shown as owner of every task.
        retry_seconds: Wait before the first retry; doubles with each.
        deadline_minutes: A run that takes longer is told to Slack.
        rollout: Whether a release deploys what it has promoted.
    """

    command: str = "nextloop"
    folder: str = ""
    spark_submit: str = ""
    google_connection: str = "google_cloud_default"
    slack_connection: str = "slack_alerts"
    owner: str = "nextloop"
    retry_seconds: int = 300
    deadline_minutes: int = 180
    rollout: bool = False

    @property
    def deadline(self) -> timedelta:
        """How long after it was queued a run may end."""
        return timedelta(minutes=self.deadline_minutes)


def load() -> Settings:
    """Read the section.

    Raises:
        SettingsFault: A name is unknown or a value is not allowed; says which and what is.
    """
    known = {field.name for field in fields(Settings)}
    _refuse_unknown(known)
    given = {name: conf.get(SECTION, name, fallback="").strip() for name in known}
    values: dict[str, Any] = {
        name: _CHECKED[name](name, text) if name in _CHECKED else text
        for name, text in given.items()
        if text
    }
    return Settings(**values)


def _refuse_unknown(known: set[str]) -> None:
    given = {name[len(_PREFIX) :].lower() for name in os.environ if name.startswith(_PREFIX)}
    given |= {name.lower() for name in conf.getsection(SECTION) or {}}
    if unknown := sorted(given - known):
        raise SettingsFault(
            f"[{SECTION}] {unknown[0]} is no setting. There are: {', '.join(sorted(known))}."
        )


def _whole(name: str, text: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise SettingsFault(
            f"[{SECTION}] {name} is {text!r}, not a whole number from 1 to {most}. "
            f"Set {_PREFIX}{name.upper()}."
        )
    return int(text)


def _switch(name: str, text: str) -> bool:
    if text.lower() not in _SWITCH:
        raise SettingsFault(
            f"[{SECTION}] {name} is {text!r}, not true or false. Set {_PREFIX}{name.upper()}."
        )
    return _SWITCH[text.lower()]


_CHECKED = {
    "retry_seconds": lambda name, text: _whole(name, text, 3600),
    "deadline_minutes": lambda name, text: _whole(name, text, _A_WEEK),
    "rollout": _switch,
}
