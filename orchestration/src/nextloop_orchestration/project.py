"""The project's command: where it is, and which settings are in force where it runs.

Comes in: the `[nextloop]` section. Goes out: a path, and the project's settings as the command
tells them, so that nextloop.toml counts and nothing is read twice.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from nextloop_orchestration import command
from nextloop_orchestration.command import Outcome
from nextloop_orchestration.surroundings import surroundings

_SETTINGS_SECONDS = 120


def program(command_setting: str) -> str:
    """Find the project's command.

    Raises:
        AirflowFailException: It is not there.
    """
    if found := shutil.which(command_setting):
        return found
    raise AirflowFailException(
        f"There is no command {command_setting} here. Set AIRFLOW__NEXTLOOP__COMMAND to the "
        "project's bin/nextloop, as it is on the workers."
    )


def settings_in_force(program: str, folder: str) -> dict[str, Any]:
    """Ask the command for the project's settings: values by dotted name, secrets masked.

    Raises:
        AirflowFailException: A setting is wrong.
        AirflowException: The command failed otherwise.
    """
    variables = surroundings("", buckets=False).variables
    process = command.start(
        [program, "settings", "--json"],
        env=variables,
        cwd=folder or None,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        printed, said = process.communicate(timeout=_SETTINGS_SECONDS)
    except subprocess.TimeoutExpired:
        command.end_group(process)
        raise AirflowException(f"{program} settings did not answer.") from None
    lines = said.decode("utf-8", "replace").splitlines()
    command.check(
        Outcome("nextloop settings", process.returncode, None, command.what_is_wrong(lines))
    )
    return {name: each["value"] for name, each in json.loads(printed).items()}
