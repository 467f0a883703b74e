"""The project's own settings, as they are in force where its command runs.

Comes in: the command. Goes out: what it tells, so that nextloop.toml counts and nothing of the
project's is read or understood here.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

from airflow.sdk.exceptions import AirflowException

from nextloop_orchestration import command
from nextloop_orchestration.command import Outcome
from nextloop_orchestration.surroundings import surroundings

_SETTINGS_SECONDS = 120


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
