"""`nextloop models`: what people and programs read, and how wrong wishes end."""

from __future__ import annotations

import json

import pytest

from nextloop.cli import app as cli
from nextloop.registry import lifecycle
from nextloop.registry.store import locate, opened
from nextloop.settings import variable


@pytest.fixture
def command(flags, capsys, monkeypatch):
    """Run `nextloop models ...` on a lake with four versions; give exit code, output, errors."""

    for name, value in flags.items():
        monkeypatch.setenv(variable(name), value)

    def run(*arguments):
        code = cli.run(["models", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_the_whole_way_by_command(settings, command):
    """Stage, roll back; list, history and show tell the same story, and promoting again is none."""
    assert command("stage", "--best", "2")[:2] == (
        0, "Best that pass the gate, best first: 4, 2.\nStaged: 2, 4.\n",
    )  # fmt: skip
    lifecycle.promote(settings, 2, "첫 배포")
    lifecycle.promote(settings, "staging", "더 정확함")
    assert command("promote", "4", "--reason", "again")[:2] == (
        0, "Version 4 (ranker) is in production: nothing to change.\n",
    )  # fmt: skip
    assert command("rollback", "--reason", "아침 메뉴")[:2] == (
        0, "Version 2 (context) is in production.\n",
    )  # fmt: skip
    states = {row["version"]: row["state"] for row in json.loads(command("list", "--json")[1])}
    assert states == {4: "archived", 3: None, 2: "production", 1: None}
    told = json.loads(command("history", "--json")[1])
    assert [(row["action"], row["version"]) for row in told[:3]] == [
        ("archive", 4), ("rollback", 2), ("archive", 2),
    ]  # fmt: skip
    assert "더 정확함" in command("history")[1]
    shown = json.loads(command("show", "production", "--json")[1])
    assert (shown["version"], shown["state"], shown["passes_gate"]) == (2, "production", True)
    assert shown["lineage"]["table.interactions"] == "3"
    assert shown["files"] == {"bundle.json": 33, "trees.txt": 4}
    assert len(shown["changes"]) == 4


def test_tables_for_people(command):
    """A list has one line a version; a history without changes says so."""
    code, out, _ = command("list")
    assert code == 0
    lines = [line.split() for line in out.splitlines() if line.strip()][2:]
    assert [(line[0], line[2]) for line in lines] == [
        ("4", "ranker"), ("3", "together"), ("2", "context"), ("1", "popularity"),
    ]  # fmt: skip
    assert "0.41" in out
    assert command("history")[1] == "No version was staged or promoted yet.\n"
    assert "validation_ndcg_at_10" in command("show", "4")[1]


def test_reconcile_says_what_it_did(settings, command):
    """First what was changed by hand, or the moved lake's paths; then nothing."""
    with opened(locate(settings)) as client:
        client.set_registered_model_alias(settings.registry.model_name, "production", "3")
    assert "alias production was 3, is unset" in command("reconcile")[1]
    assert command("reconcile")[1] == "MLflow says what the ledger says: nothing to repair.\n"
    assert json.loads(command("reconcile", "--json")[1]) == {"repairs": []}


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("promote", "4"), 2, "--reason"),
        (("promote", "four", "--reason", "x"), 2, "names no model version"),
        (("promote", "3", "--reason", "x"), 3, "does not pass the gate"),
        (("promote", "9", "--reason", "x"), 3, "There are: 1, 2, 3, 4."),
        (("rollback",), 3, "no earlier version"),
        (("show", "production"), 3, "No version of recommender"),
    ],
)
def test_a_wrong_wish_ends_with_a_line_and_its_code(command, arguments, code, why):
    """Usage faults exit 2, data faults 3; nothing is printed as a result."""
    ended, out, err = command(*arguments)
    assert (ended, out) == (code, "")
    assert why in err
    assert "Traceback" not in err


def test_every_command_has_an_example(capsys):
    """The help of each shows how it is called."""
    for name in (
        "list",
        "show",
        "stage",
        "promote",
        "rollback",
        "history",
        "reconcile",
        "compare",
        "reproduce",
    ):
        assert cli.run(["models", name, "--help"]) == 0
        assert f"nextloop models {name}" in capsys.readouterr().out
