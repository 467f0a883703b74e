"""`nextloop contract` as a hotel's IT person sees it: the rules, and what is wrong with a file."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.order_files import csv_text, row, write

from nextloop.cli import output
from nextloop.cli.app import run

HIDDEN = ("김민수", "777001", "Ocean")


@pytest.fixture(autouse=True)
def _english_and_talkative(monkeypatch):
    """Each test starts in English and without --quiet."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    yield
    output.set_quiet(quiet=False)


@pytest.fixture
def broken(tmp_path):
    """A file of one good row and two bad ones."""
    return write(
        tmp_path / "w51.csv", row(1), row(2, reg_date="2017-02-30 10:00:00"), row(3, status="")
    )


def test_fault_is_told_with_line_column_value_and_mend(broken, capsys):
    """Each rule once, with the rows that break it; the exit code is 3."""
    assert run(["contract", "check", "w51.csv", "--quiet"]) == 3
    assert capsys.readouterr().out.splitlines() == [
        "w51.csv: 3 rows, 2 would be rejected",
        "  not_a_time (1): Not a local time as YYYY-MM-DD HH:MM:SS that exists.",
        "    line 3, column 8 reg_date: '2017-02-30 10:00:00'",
        "    -> Write it like 2017-12-25 19:00:00: hours 00 to 23, no T, no zone, no fraction.",
        "  missing_value (1): A required value is missing.",
        "    line 4, column 6 status: ''",
        "    -> Fill it in where the order is kept, and export the row again.",
        "1 file, 3 rows: 2 rows would be rejected, 0 files refused",
    ]


def test_korean_is_spoken_when_asked_for_or_set(broken, capsys, monkeypatch):
    """The option goes before the environment, LC_ALL before LANG."""
    assert run(["contract", "check", "w51.csv", "--quiet", "--language", "ko"]) == 3
    told = capsys.readouterr().out
    assert "3번째 줄, 8번째 열 reg_date: '2017-02-30 10:00:00'" in told
    assert "실제 시각이 아닙니다" in told
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")
    run(["contract", "check", "w51.csv", "--quiet"])
    assert capsys.readouterr().out == told
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    run(["contract", "check", "w51.csv", "--quiet"])
    assert "would be rejected" in capsys.readouterr().out
    assert run(["contract", "check", "w51.csv", "--language", "fr"]) == 2


def test_good_file_ends_with_0(tmp_path, capsys):
    """Fine files say so in a line each."""
    write(tmp_path / "a.csv", row(1), row(2))
    assert run(["contract", "check", "a.csv", "--quiet"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "a.csv: 2 rows, all fine",
        "1 file, 2 rows: all fine",
    ]


def test_missing_file_ends_with_2(capsys):
    """A wrong name is no fault of the data."""
    assert run(["contract", "check", "gone.csv", "--quiet"]) == 2
    assert capsys.readouterr().err.startswith("error: There is no file gone.csv.\n")


def test_report_for_machines(broken, capsys):
    """--json prints one document: verdict, totals, files, rules."""
    assert run(["contract", "check", "w51.csv", "--json", "--quiet", "--limit", "1"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert (found["fine"], found["totals"]["rejected"]) == (False, 2)
    assert found["files"][0]["faults"] == [
        {
            "line": 3,
            "column_number": 8,
            "column": "reg_date",
            "value": "2017-02-30 10:00:00",
            "rule": "not_a_time",
            "raw": found["files"][0]["faults"][0]["raw"],
        }
    ]
    assert set(found["rules"]) == {"not_a_time", "missing_value"}


def test_no_guest_is_named(tmp_path, capsys):
    """Whatever is wrong with a row, its guest is not on the screen, nor what a terminal obeys."""
    rows = [row(1, reg_date="-"), row(2, customer_name='"'), row(3, customer_seq="777001a")]
    write(tmp_path / "w.csv", *rows, row(4, hotel_seq="\x1b[2Jx"), row(5, status="\x1b]0;x\x07"))
    for flags in (["--quiet"], ["--json", "--quiet"], ["--language", "ko"]):
        run(["contract", "check", "w.csv", *flags])
        captured = capsys.readouterr()
        assert not [text for text in (*HIDDEN, "\x1b", "\x07") if text in captured.out]


def test_refused_file_and_copies_and_doubled_orders(tmp_path, capsys):
    """What concerns whole files, and orders that come again, is told in lines of their own."""
    write(tmp_path / "a.csv", row(1), row(1))
    (tmp_path / "b.csv").write_bytes((tmp_path / "a.csv").read_bytes())
    (tmp_path / "c.csv").write_text("id;name\n", "utf-8")
    assert run(["contract", "check", "a.csv", "b.csv", "c.csv", "--quiet"]) == 3
    assert capsys.readouterr().out.splitlines() == [
        "a.csv: 2 rows, all fine",
        "b.csv: the same bytes as a.csv; it would be skipped",
        "c.csv: refused, its columns are separated by ';'",
        "  -> Export it with commas.",
        "1 order met more than once; the newest state of each counts",
        "  order 1 of hotel 10, 2 rows: a.csv:2, a.csv:3",
        "3 files, 2 rows: 0 rows would be rejected, 1 file refused",
    ]


def test_oddities_are_told_by_file_and_explained_once(tmp_path, capsys):
    """Each file says how often and where; what it means stands once at the end."""
    write(tmp_path / "a.csv", row(1, status="조리중"), row(2, status="조리중"))
    write(tmp_path / "b.csv", row(3), row(4, status="조리중"))
    assert run(["contract", "check", "a.csv", "b.csv", "--quiet"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "a.csv: 2 rows, all fine",
        "  odd, but kept: unknown_status (2 rows, first in line 2, 3)",
        "    its words: 조리중 (2)",
        "b.csv: 2 rows, all fine",
        "  odd, but kept: unknown_status (1 row, first in line 3)",
        "    its words: 조리중 (1)",
        "unknown_status: The status is not in orders.status_map; the order counts as open.",
        "  -> Tell the receiver what the word means, to be put into orders.status_map.",
        "2 files, 4 rows: all fine",
    ]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_contract_is_shown_whole(capsys, language):
    """Every column and code is printed, and in --json too."""
    assert run(["contract", "show", "--language", language]) == 0
    shown = capsys.readouterr().out
    assert run(["contract", "show", "--language", language, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    names = [each["name"] for each in found["columns"] + found["items"]]
    codes = [each["code"] for each in found["rejected"] + found["flagged"] + found["refused"]]
    assert not [text for text in names + codes if text not in shown]
    assert found["language"] == language


def test_example_is_a_good_file(tmp_path, capsys):
    """What `show --example` prints passes the check."""
    assert run(["contract", "show", "--example"]) == 0
    Path("example.csv").write_text(capsys.readouterr().out, "utf-8")
    assert run(["contract", "check", "example.csv", "--quiet"]) == 0
    assert capsys.readouterr().out.startswith("example.csv: 2 rows, all fine\n")


def start(*arguments: str, **options) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "nextloop.cli", *arguments]
    return subprocess.run(command, check=False, timeout=60, **options)


@pytest.mark.parametrize("packed", [False, True])
def test_pipe_is_read(packed):
    """`-` takes what another program writes, packed or not."""

    content = csv_text([row(1)]).encode()
    done = start(
        *("contract", "check", "-", "--quiet"),
        input=gzip.compress(content) if packed else content,
        stdout=subprocess.PIPE,
    )
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, b"-: 1 row, all fine")


def test_reader_that_goes_away_is_no_error():
    """`nextloop contract show | head -1` ends quietly: tables, too, leave the pipe to us."""
    read, write_end = os.pipe()
    os.close(read)
    done = start("contract", "show", stdout=write_end, stderr=subprocess.PIPE)
    os.close(write_end)
    assert (done.returncode, done.stderr) == (141, b"")


def test_check_starts_without_engine_and_lake(broken):
    """A check loads neither an engine nor a table library: it has to be quick."""
    heavy = ["pyspark", "deltalake", "mlflow", "lightgbm", "fastapi", "gcsfs"]
    code = (
        "import sys; from nextloop.cli import app; app.run(['contract', 'check', 'w51.csv']);"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, timeout=60, stdout=subprocess.PIPE
    )
    assert done.stdout.splitlines()[-1] == b"[]"
