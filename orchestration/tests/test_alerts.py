"""What Slack is told, and that telling it never breaks anything."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from types import SimpleNamespace

import pytest

from nextloop_orchestration.alerts import SlackAlert, message
from stations import slack_channel

TASK = SimpleNamespace(
    dag_id="ingest_orders",
    task_id="ingest",
    run_id="scheduled__2026-11-17",
    try_number=4,
    log_url="http://127.0.0.1:8080/dags/ingest_orders/runs/r/tasks/ingest?try_number=4",
)
FAILED = {"ti": TASK, "exception": RuntimeError("nextloop ingest failed (exit code 4). disk full")}
LATE = {
    "dag_run": {"dag_id": "ingest_orders", "dag_run_id": "manual__2026-11-17T00:00:00+00:00"},
    "deadline": {"deadline_time": dt.datetime(2026, 11, 17, 22, 0, tzinfo=dt.UTC)},
}


@pytest.fixture
def channel(monkeypatch):
    """A channel that the connection `slack_alerts` leads to."""
    with slack_channel() as found:
        webhook = f'{{"conn_type": "slackwebhook", "password": "{found.webhook}"}}'
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_ALERTS", webhook)
        yield found


def test_a_failed_task_is_told_in_both_languages():
    """DAG, task, run, cause, what to do and the log's address are in it."""
    text = message(FAILED)
    for part in (
        "작업 실패 / Task failed",
        "ingest_orders · ingest (try 4) · scheduled__2026-11-17",
        "nextloop ingest failed (exit code 4). disk full",
        "Clear 하세요. / Read the log",
        f"<{TASK.log_url}|로그 / Log>",
    ):
        assert part in text


def test_a_task_without_an_exception_has_lost_its_process():
    """What the DAG processor tells of a task whose heart stopped."""
    assert "lost its process or its worker" in message({"ti": TASK})


def test_a_missed_deadline_is_told_with_the_time():
    """The run, when it should have ended, and a link that its odd characters do not break."""
    text = message(LATE)
    assert "기한 초과 / Deadline missed" in text
    assert "has not ended by 2026-11-17 22:00 UTC" in text
    assert "/dags/ingest_orders/runs/manual__2026-11-17T00%3A00%3A00%2B00%3A00|" in text


def test_a_run_speaks_for_itself_only_when_it_timed_out():
    """A failed task has told already."""
    dag = SimpleNamespace(dag_id="train_recommender")
    assert message({"dag": dag, "run_id": "r", "reason": "task_failure", "ti": TASK}) == ""
    told = message({"dag": dag, "run_id": "r", "reason": "timed_out"})
    assert "Run timed out" in told
    assert "train_recommender · r" in told


def test_a_commands_words_are_no_markup_and_not_endless():
    """They cannot ring everyone, end their block or fill the channel."""
    text = message({"ti": TASK, "exception": "<!channel> ``` {{ ti }} " + "x" * 5000})
    assert "<!channel>" not in text
    assert text.count("```") == 2
    assert "{{ ti }}" in text
    assert len(text) < 2500


def test_a_failure_is_posted(channel):
    """Through the provider's notifier, to the connection's webhook."""
    SlackAlert(connection="slack_alerts")(dict(FAILED))
    assert channel.texts == [message(FAILED)]


def test_a_missed_deadline_is_posted(channel):
    """As the triggerer does it: awaited, with the context as an argument."""

    async def triggerer():
        await SlackAlert(connection="slack_alerts", context=dict(LATE))

    asyncio.run(triggerer())
    assert channel.texts == [message(LATE)]


@pytest.mark.parametrize("how", ["no connection", "no webhook", "refused", "down"])
def test_slack_not_being_there_is_a_line_in_the_log(channel, monkeypatch, caplog, how):
    """Whatever is wrong with Slack, the message is logged and the address is not."""
    webhook = channel.webhook
    if how == "no connection":
        monkeypatch.delenv("AIRFLOW_CONN_SLACK_ALERTS")
    elif how == "no webhook":
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_ALERTS", '{"conn_type": "slackwebhook"}')
    elif how == "refused":
        channel.status = 403
    else:
        closed = '{"conn_type": "slackwebhook", "password": "http://127.0.0.1:9/planted-secret"}'
        monkeypatch.setenv("AIRFLOW_CONN_SLACK_ALERTS", closed)
    with caplog.at_level(logging.WARNING):
        SlackAlert(connection="slack_alerts")(dict(FAILED))

        async def triggerer():
            await SlackAlert(connection="slack_alerts", context=dict(LATE))

        asyncio.run(triggerer())
    assert caplog.text.count("Slack was not told") == 2
    assert "disk full" in caplog.text
    assert "planted-secret" not in caplog.text
    assert webhook not in caplog.text
