"""`nextloop keys`: made and shown once, listed without the key, revoked by id."""

from __future__ import annotations

import json

import pytest

from nextloop.cli.app import run


@pytest.fixture(autouse=True)
def keys_file(monkeypatch, tmp_path):
    """Keep this test's keys in a file of its own."""
    path = tmp_path / "api-keys.json"
    monkeypatch.setenv("NEXTLOOP_SERVING__KEYS_FILE", str(path))
    return path


def test_key_is_shown_once(capsys):
    """The list names it by id, name and hotels; revoked, it is gone."""
    assert run(["keys", "add", "front-desk", "--hotel", "2", "--hotel", "1", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["key"].startswith(f"nlk_{made['id']}_")
    assert run(["keys", "list", "--json"]) == 0
    said = capsys.readouterr().out
    assert made["key"] not in said
    (row,) = json.loads(said)
    assert (row["name"], row["hotels"]) == ("front-desk", "1, 2")
    assert run(["keys", "revoke", made["id"]]) == 0
    capsys.readouterr()
    assert run(["keys", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    "arguments",
    [["add", "all"], ["add", "both", "--hotel", "1", "--all-hotels"], ["revoke", "00000000"]],
)
def test_wrong_use_is_refused(arguments, keys_file):
    """Nobody gets a key for every hotel by leaving something out."""
    assert run(["keys", *arguments]) == 2
    assert not keys_file.exists()
