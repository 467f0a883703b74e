"""How commands start: settings from their flags, logs at the level that fits."""

from __future__ import annotations

import json
import logging

import pytest

from nextloop.cli.session import begin
from nextloop.errors import UsageFault
from nextloop.telemetry import logs


@pytest.fixture(autouse=True)
def _restored_logging():
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level


def _logged(capsys) -> list[str]:
    log = logs.get("station")
    log.info("info")
    log.warning("warning")
    return [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]


def test_flag_of_a_command_is_in_force():
    """What the flag says goes before the defaults; flags not given change nothing."""
    tree = begin({"lake": "elsewhere", "landing": None})
    assert (tree.lake, tree.landing) == ("elsewhere", "landing")


@pytest.mark.parametrize(("service", "events"), [(False, ["warning"]), (True, ["info", "warning"])])
def test_usual_level_fits_the_command(capsys, service, events):
    """A command that ends logs only what is wrong; a service tells what it does."""
    begin(service=service)
    assert _logged(capsys) == events


def test_level_of_the_settings_wins(capsys, monkeypatch):
    """A level that is set holds for commands and services alike."""
    monkeypatch.setenv("NEXTLOOP_LOG_LEVEL", "error")
    begin(service=True)
    assert _logged(capsys) == []


def test_wrong_setting_is_a_usage_fault(monkeypatch):
    """Nothing starts with a setting that is not allowed."""
    monkeypatch.setenv("NEXTLOOP_LOG_FORMAT", "xml")
    with pytest.raises(UsageFault, match="log_format"):
        begin()
