"""Logs: where they go, in what form, and what never reaches them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from datetime import UTC, datetime
from io import StringIO

import pytest

from nextloop.telemetry import logs


@pytest.fixture(autouse=True)
def _restored_logging():
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level


def _lines(capsys) -> list[dict[str, object]]:
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_event_is_one_json_line_on_standard_error(capsys):
    """Off a terminal an event is a JSON object with logger, level, UTC instant and its values."""
    logs.configure("info", "auto")
    logs.get("orders").info("file read", rows=3, item="된장찌개")
    captured = capsys.readouterr()
    assert "된장찌개" in captured.err
    event = json.loads(captured.err)
    assert (event["event"], event["logger"], event["level"]) == ("file read", "orders", "info")
    assert event["rows"] == 3
    assert datetime.fromisoformat(event["timestamp"]).utcoffset() == datetime.now(UTC).utcoffset()


def test_level_holds_back_lesser_events(capsys):
    """At warning, info is not written."""
    logs.configure("warning", "json")
    log = logs.get("orders")
    log.info("quiet")
    log.warning("loud")
    assert [line["event"] for line in _lines(capsys)] == ["loud"]


def test_logger_made_before_follows_a_later_set_up(capsys):
    """A module's logger made at import obeys what the command configures."""
    log = logs.get("early")
    logs.configure("error", "json")
    log.warning("no")
    logs.configure("debug", "json")
    log.debug("yes")
    assert [line["event"] for line in _lines(capsys)] == ["yes"]


@pytest.mark.parametrize(
    "key",
    ["customer_name", "room_name", "customer_seq", "Authorization", "guest_key", "db_password"],
)
def test_private_values_are_dropped_at_any_depth(capsys, key):
    """Names, guests' numbers and secrets are dropped, whoever logs them."""
    logs.configure("info", "json")
    logs.get("orders").info("row", **{key: "private"}, row={key: "private", "order_seq": 1})
    text = capsys.readouterr().err
    assert "private" not in text
    assert json.loads(text)["row"] == {"order_seq": 1}


def test_console_form_is_plain_off_a_terminal(capsys):
    """Asked for console lines in a pipe, no colour codes are written."""
    logs.configure("info", "console")
    logs.get("serving").info("ready", port=8000)
    text = capsys.readouterr().err
    assert "ready" in text
    assert "port=8000" in text
    assert "\x1b[" not in text


def test_libraries_speak_in_the_same_form(capsys):
    """A warning from the standard logging module comes out as the same JSON; its info does not."""
    logs.configure("info", "json")
    logging.getLogger("library.part").warning("slow %s", "database", extra={"token": "abc"})
    logging.getLogger("library.part").info("chatter")
    (line,) = _lines(capsys)
    assert (line["event"], line["logger"], line["level"]) == (
        "slow database",
        "library.part",
        "warning",
    )


def test_advice_of_mlflow_is_left_out(capsys):
    """MLflow's warnings about pip and conda are not the reader's; its errors are."""
    logs.configure("debug", "json")
    logging.getLogger("mlflow.utils").warning("no pip here")
    logging.getLogger("mlflow.utils").error("broken")
    assert [line["event"] for line in _lines(capsys)] == ["broken"]


def test_mlflow_that_was_imported_before_logs_as_all_do():
    """Its own lines beside ours would be no JSON."""
    code = (
        "import logging, mlflow; from nextloop.telemetry import logs; "
        "logs.configure('info', 'json'); logging.getLogger('mlflow.utils').error('broken')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=100
    )
    assert json.loads(done.stderr)["event"] == "broken"


def test_configuring_twice_writes_each_event_once(capsys):
    """A second set-up replaces the first."""
    logs.configure("info", "json")
    logs.configure("info", "json")
    logging.getLogger("library").error("once")
    logs.get("ours").error("once")
    assert len(_lines(capsys)) == 2


def test_exception_is_logged_as_data(capsys):
    """A traceback is part of the JSON line, without the values of local variables."""
    logs.configure("info", "json")
    customer_name = "Hong Gildong"
    try:
        raise ValueError("broken")
    except ValueError:
        logs.get("jobs").exception("failed", order_seq=7)
    text = capsys.readouterr().err
    assert customer_name not in text
    assert json.loads(text)["exception"][0]["exc_type"] == "ValueError"


def test_lines_follow_standard_error_when_it_is_replaced(monkeypatch):
    """While a progress bar stands in for standard error, log lines go to the bar."""
    logs.configure("info", "json")
    log = logs.get("jobs")
    stand_in = StringIO()
    monkeypatch.setattr(sys, "stderr", stand_in)
    log.info("while it runs")
    assert json.loads(stand_in.getvalue())["event"] == "while it runs"
