"""A stack with a monitoring sixty times as fast and a Slack of our own; and a whole one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.alerting import scaling
from tests.alerting.slack import Slack, listening
from tests.stack.driving import FACTOR, LEAST, SILENCE, Stack
from tests.stack.whole import airflow, week, whole, whole_folder, whole_slack

__all__ = ["airflow", "week", "whole", "whole_folder", "whole_slack"]


@pytest.fixture(scope="module")
def slack() -> Iterator[Slack]:
    """Listen in Slack's place."""
    with listening() as found:
        yield found


@pytest.fixture(scope="module")
def short_folder() -> Iterator[Path]:
    """A folder whose path leaves room for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="nl-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def stack(short_folder: Path, slack: Slack) -> Iterator[Stack]:
    """Start a stack from nothing; its monitoring is the project's own, quicker."""
    for name in ("prometheus", "alertmanager"):
        scaling.copy(name, short_folder / "monitoring", FACTOR, LEAST)
    webhook = short_folder / "webhook"
    webhook.write_text(slack.url("page"))
    made = Stack.make(
        short_folder / "s",
        monitoring=short_folder / "monitoring",
        slack_webhook_file=webhook,
        silence_seconds=SILENCE,
        resend_seconds=2,
    )
    try:
        made.up()
        yield made
    finally:
        made.command("stack", "down")
