"""A stack with a monitoring sixty times as fast and a Slack of our own; and a whole one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.alerting.slack import Slack, listening
from tests.stack import making
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
    with making.short_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def stack(short_folder: Path, slack: Slack) -> Iterator[Stack]:
    """Start a stack from nothing."""
    quick = {"silence_seconds": SILENCE, "resend_seconds": 2}
    with making.watched(short_folder, slack.url("page"), FACTOR, LEAST, **quick) as made:
        made.up()
        yield made
