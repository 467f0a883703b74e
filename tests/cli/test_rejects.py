"""`nextloop rejects` as a person sees it: how many, which, and once more."""

from __future__ import annotations

import json

import pytest
from tests.order_files import KEY, contents, item, row, write

from nextloop.cli import output
from nextloop.cli.app import run

LONG = row(4, contents=contents(*[item()] * 9), order_price="\\N")


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch, tmp_path):
    """Each test has the same guest key, speaks English, and starts without --quiet."""
    monkeypatch.setenv("NEXTLOOP_PRIVACY__GUEST_KEY", KEY)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    write(tmp_path / "landing" / "w51.csv", row(1), row(2, reg_date="soon"), "broken", LONG)
    monkeypatch.setenv("NEXTLOOP_ORDERS__MAX_ROW_BYTES", "1500")
    assert run(["ingest", "--quiet", "--json"]) == 0
    monkeypatch.delenv("NEXTLOOP_ORDERS__MAX_ROW_BYTES")
    yield
    output.set_quiet(quiet=False)


def rejects(capsys, *arguments: str) -> tuple[int, str]:
    """Run the command; return its code and what it printed."""
    capsys.readouterr()
    code = run(["rejects", *arguments, "--quiet"])
    return code, capsys.readouterr().out


def test_rejects_are_listed(capsys):
    """A line for each file and reason, and the sum."""
    code, said = rejects(capsys, "list")
    assert code == 0
    assert said.splitlines()[-1] == "3 rows rejected, 3 of them open"
    assert [
        word for word in ("not_a_time", "column_count", "row_too_long") if word not in said
    ] == []
    code, said = rejects(capsys, "list", "--json")
    assert sum(each["open"] for each in json.loads(said)["rejects"]) == 3


def test_refused_files_are_listed(capsys, tmp_path):
    """A file that was refused whole stands there with what is wrong."""
    (tmp_path / "landing" / "bad.csv").write_text("id;name\n", "utf-8")
    run(["ingest", "--quiet"])
    _, said = rejects(capsys, "list")
    assert "Refused files" in said
    assert "separated by ';'" in said


def test_rejected_row_is_shown(capsys):
    """Where it stands, what is wrong, what to do; in Korean when asked for."""
    code, said = rejects(capsys, "show", "w51.csv", "--reason", "not_a_time")
    assert code == 0
    assert "w51.csv:3" in said
    assert "Write it like 2017-12-25 19:00:00" in said
    assert said.splitlines()[-1] == "1 row"
    assert "실제 시각이 아닙니다" in rejects(capsys, "show", "--language", "ko")[1]
    assert rejects(capsys, "show", "--limit", "1")[1].endswith("3 rows, 2 more than shown\n")
    assert rejects(capsys, "show", "gone.csv")[0] == 2
    found = json.loads(rejects(capsys, "show", "--json")[1])
    assert (found["rows"], found["shown"][0]["line"]) == (3, 3)


def test_retry_says_what_got_in(capsys):
    """One line for the run, one for each file that was read again."""
    code, said = rejects(capsys, "retry")
    assert code == 0
    assert said.splitlines()[0].endswith("3 rows in = 1 accepted + 2 rejected + 0 superseded")
    assert (
        said.splitlines()[-1]
        == "w51.csv, revision 1: 3 rows rejected before, 1 accepted + 0 superseded + 2 rejected now"
    )
    assert rejects(capsys, "list")[1].splitlines()[-1] == "2 rows rejected, 2 of them open"
    _, said = rejects(capsys, "retry")
    assert "2 rows rejected before, 0 accepted + 0 superseded + 2 rejected now" in said


def test_retry_for_machines(capsys):
    """--json prints the run's report with the files that were read again."""
    _, said = rejects(capsys, "retry", "w51.csv", "--json")
    (found,) = json.loads(said)["retried"]
    assert (found["file_name"], found["before"], found["accepted"]) == ("w51.csv", 3, 1)


def test_content_that_is_gone_is_told(capsys, tmp_path):
    """The note says which file, and the code is 0: nothing failed."""
    (tmp_path / "landing" / "w51.csv").rename(tmp_path / "w51.csv")
    write(tmp_path / "landing" / "w52.csv", row(9))
    capsys.readouterr()
    assert run(["rejects", "retry"]) == 0
    assert "w51.csv, revision 1 is not in the landing any more" in capsys.readouterr().err


def test_no_guest_is_named(capsys):
    """Nothing that is listed or shown tells who a guest is."""
    said = "".join(
        rejects(capsys, *arguments)[1]
        for arguments in (["list"], ["show"], ["show", "--json"], ["retry"])
    )
    assert not [text for text in ("김민수", "777001", "Ocean") if text in said]
