"""What commands share to print: reports, tables, JSON, notes and progress."""

from __future__ import annotations

import json
import os
import pty
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from nextloop.cli import output
from nextloop.cli import progress as progress_module
from nextloop.cli.progress import progress


@dataclass(frozen=True)
class Inner:
    rows: int
    ratio: float


@dataclass(frozen=True)
class Report:
    folder: Path
    as_of: date
    inner: Inner
    done: bool


REPORT = Report(Path("lake"), date(2026, 1, 5), Inner(12_345, 0.98765), done=True)


@pytest.fixture(autouse=True)
def _talkative():
    """Each test starts without --quiet."""
    yield
    output.set_quiet(quiet=False)


def test_report_is_a_table_for_people(capsys):
    """Nested names are dotted, numbers grouped, truths said as yes and no."""
    output.emit(REPORT, title="Report")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["inner.rows", "12,345"] in lines
    assert ["inner.ratio", "0.9877"] in lines
    assert ["as_of", "2026-01-05"] in lines
    assert ["done", "yes"] in lines


def test_report_is_one_document_for_machines(capsys):
    """--json prints the whole report as data."""
    output.emit(REPORT, as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "folder": "lake",
        "as_of": "2026-01-05",
        "inner": {"rows": 12345, "ratio": 0.98765},
        "done": True,
    }


def test_json_takes_numbers_of_numpy_and_keys_of_any_kind(capsys):
    """Counts from arrays and integer keys come out as JSON's own."""
    output.emit_json({1: np.int64(2), "each": np.array([1.5, 2.5]), "set": {3}})
    assert json.loads(capsys.readouterr().out) == {"1": 2, "each": [1.5, 2.5], "set": [3]}


def test_rows_keep_brackets_and_korean(capsys):
    """What stands in brackets is data, not markup."""
    output.table([{"item": "[bold]된장찌개[/bold]", "count": 1200}])
    text = capsys.readouterr().out
    assert "[bold]된장찌개[/bold]" in text
    assert "1,200" in text


def test_no_rows_make_an_empty_table(capsys):
    """Nothing found is no error, for people and machines."""
    output.table([], columns=["item"])
    assert "item" in capsys.readouterr().out
    output.table([], as_json=True)
    assert json.loads(capsys.readouterr().out) == []


def test_notes_are_apart_from_results_and_quiet_drops_them(capsys):
    """Notes go to standard error; --quiet keeps only warnings."""
    output.note("by the way")
    output.set_quiet(quiet=True)
    output.note("unheard")
    output.warn("look here")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "by the way\nwarning: look here\n"


def test_progress_off_a_terminal_is_plain_lines(capsys, monkeypatch):
    """A step says that it starts, now and then where it is, and how long it took."""
    monkeypatch.setattr(progress_module, "_SECONDS_BETWEEN_LINES", 0.0)
    with progress("ingest", total=2, unit="files") as step:
        step.advance(detail="2026-01-05.csv")
        step.advance()
    captured = capsys.readouterr()
    first, second, third, last = captured.err.splitlines()
    assert captured.out == ""
    assert first == "ingest ..."
    assert second == "ingest: 1/2 files 2026-01-05.csv"
    assert third.startswith("ingest: 2/2 files")
    assert last.startswith("ingest: 2/2 files done in ")


def test_step_that_fails_is_not_said_to_be_done(capsys):
    """An exception passes through without a closing line."""
    with pytest.raises(ValueError, match="broken"), progress("train"):
        raise ValueError("broken")
    assert "done" not in capsys.readouterr().err


def test_progress_is_silent_with_quiet(capsys):
    """--quiet shows no steps."""
    output.set_quiet(quiet=True)
    with progress("train", total=1) as step:
        step.update(1)
    assert capsys.readouterr().err == ""


def _read_all(terminal: int) -> str:
    """Read what was drawn; Linux ends a terminal that nobody holds any more with an error."""
    parts = []
    with suppress(OSError):
        while part := os.read(terminal, 65_536):
            parts.append(part)
    os.close(terminal)
    return b"".join(parts).decode()


def test_progress_on_a_terminal_is_a_bar(monkeypatch):
    """On a terminal the bar is drawn there and ends full."""
    main, terminal = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with os.fdopen(terminal, "w", encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stderr", stream)
        with progress("train", total=4, unit="models") as step:
            step.update(4, detail="ranker")
    drawn = _read_all(main)
    assert "4/4 models" in drawn
    assert "train" in drawn
