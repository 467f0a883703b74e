"""Who is told when a run fails or is late: Slack, through the provider's notifier.

Comes in: what Airflow knows of the failure or the missed deadline. Goes out: one message, Korean
and English. Where there is no connection it is a line in the log; a message never fails anything.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier
from airflow.sdk import (  # type: ignore[attr-defined] # the stub file lacks the first three
    AsyncCallback,
    DeadlineAlert,
    DeadlineReference,
    conf,
)
from airflow.sdk.exceptions import AirflowNotFoundException

from nextloop_orchestration import settings

_log = logging.getLogger(__name__)
_MOST_CHARACTERS = 1500  # Slack cuts a section at 3000; an error and its advice are shorter
_TIMED_OUT = "timed_out"  # what the scheduler says of a run that took longer than its timeout
_SECONDS = 10


class SlackAlert(SlackWebhookNotifier):
    """Post a failed task, a run that took too long, or a missed deadline.

    Args:
        connection: Id of the webhook's connection.
        context: Given by Airflow where the message is about a missed deadline.
    """

    # A command's own words are part of the text: they are no template.
    template_fields = ()  # type: ignore[assignment] # declared with its length

    def __init__(self, *, connection: str, context: Any = None) -> None:
        super().__init__(
            slack_webhook_conn_id=connection, text="", timeout=_SECONDS, context=context
        )

    def notify(self, context: Any) -> None:
        """Post, from a task or the DAG processor."""
        if text := message(context):
            self.text = text
            with _told(self.slack_webhook_conn_id, text):
                super().notify(context)  # type: ignore[no-untyped-call]

    async def async_notify(self, context: Any) -> None:
        """Post, from the triggerer."""
        if text := message(context):
            self.text = text
            with _told(self.slack_webhook_conn_id, text):
                await super().async_notify(context)  # type: ignore[no-untyped-call]


def on_failure() -> SlackAlert:
    """Return what tasks and DAGs call when they have failed."""
    return SlackAlert(connection=settings.load().slack_connection)


def on_missed_deadline() -> DeadlineAlert:
    """Return the alert for runs that have not ended in time, counted from when they were queued.

    Not from their logical date: a backfilled week would be late before it starts.
    """
    found = settings.load()
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=found.deadline,
        callback=AsyncCallback(SlackAlert, kwargs={"connection": found.slack_connection}),
    )


def message(context: Mapping[str, Any]) -> str:
    """Write the message about a failure or a missed deadline; empty if there is none to send."""
    if "deadline" in context:
        return _late(context)
    if "reason" in context:
        # A failed task has spoken for itself; only a run's own timeout has not.
        return _too_long(context) if context["reason"] == _TIMED_OUT else ""
    return _failed(context)


def _failed(context: Mapping[str, Any]) -> str:
    task = context["ti"]
    what = str(context.get("exception") or "The task lost its process or its worker.").strip()
    return _written(
        ":red_circle: 작업 실패 / Task failed",
        f"{task.dag_id} · {task.task_id} (try {task.try_number}) · {task.run_id}",
        _without_marks(what),
        "로그에서 원인을 확인하고 고친 뒤 해당 작업을 Clear 하세요. "
        "/ Read the log, mend what it says, then clear the task.",
        task.log_url,
    )


def _too_long(context: Mapping[str, Any]) -> str:
    run, name = context["run_id"], context["dag"].dag_id
    return _written(
        ":red_circle: 실행 시간 초과 / Run timed out",
        f"{name} · {run}",
        "The run took longer than its timeout and was stopped.",
        "무엇이 오래 걸렸는지 확인한 뒤 실행을 Clear 하세요. "
        "/ See which task took so long, then clear the run.",
        _run_link(name, run),
    )


def _late(context: Mapping[str, Any]) -> str:
    run = context["dag_run"]
    return _written(
        ":large_yellow_circle: 기한 초과 / Deadline missed",
        f"{run['dag_id']} · {run['dag_run_id']}",
        f"The run has not ended by {context['deadline']['deadline_time']:%Y-%m-%d %H:%M} UTC.",
        "실행이 멈췄는지, 기다리는 중인지 확인하세요. / See whether the run is stuck or waiting.",
        _run_link(run["dag_id"], run["dag_run_id"]),
    )


def _written(title: str, what: str, why: str, hint: str, link: str) -> str:
    return f"*{title}*\n{what}\n```{why}```\n{hint}\n<{link}|로그 / Log>"


def _without_marks(text: str) -> str:
    """Keep a command's words from being read as Slack's markup, and short."""
    text = text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]} ..."
    for mark, harmless in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("```", "'''")):
        text = text.replace(mark, harmless)
    return text


def _run_link(dag: str, run: str) -> str:
    base = conf.get("api", "base_url", fallback="http://localhost:8080").rstrip("/")
    return f"{base}/dags/{dag}/runs/{quote(run)}"


@contextmanager
def _told(connection: str, text: str) -> Iterator[None]:
    """Turn a message that cannot be sent into lines of the log."""
    try:
        yield
    except AirflowNotFoundException:
        _log.warning("Slack was not told, there is no connection %s:\n%s", connection, text)
    except Exception as error:  # noqa: BLE001 whatever it is, the failure was another's
        # Not the error's text: it may hold the webhook's address, which is a secret.
        _log.warning("Slack was not told (%s):\n%s", type(error).__name__, text)
