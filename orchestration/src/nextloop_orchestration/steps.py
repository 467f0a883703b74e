"""What all DAGs share: retries, timeouts, whom to tell, and which operator runs a command.

Comes in: the `[nextloop]` section. Goes out: default arguments and tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from nextloop_orchestration import alerts, command, project, settings
from nextloop_orchestration.operators import NextLoopOperator
from nextloop_orchestration.submit import NextLoopSubmitOperator, on_cluster

_RETRIES = 3
_LONGEST_WAIT = timedelta(hours=1)


def defaults() -> dict[str, Any]:
    """Return every task's default arguments."""
    found = settings.load()
    return {
        "owner": found.owner,
        "retries": _RETRIES,
        "retry_delay": timedelta(seconds=found.retry_seconds),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": _LONGEST_WAIT,
        "execution_timeout": timedelta(minutes=10),
        "on_failure_callback": alerts.on_failure(),
    }


def landing() -> tuple[str, str, str]:
    """Return what `landing.order_files` asks for: the place, the connection, the folder."""
    found = settings.load()
    program = command.find(found.command, "command")
    place = project.settings_in_force(program, found.folder)["landing"]
    return place, found.google_connection, found.folder


def batch(task_id: str, arguments: Sequence[str], **options: Any) -> NextLoopOperator:
    """Make a task of a command that runs the engine: on the cluster where the settings name one."""
    kind = NextLoopSubmitOperator if on_cluster() else NextLoopOperator
    return kind(task_id=task_id, arguments=arguments, **options)
