"""`nextloop ingest` as a person sees it: what it did in a line, what is wrong in two."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from pathlib import Path

import pytest
from tests.event_files import content, event
from tests.order_files import KEY, csv_text, row, write

from nextloop.cli import output
from nextloop.cli.app import run
from nextloop.storage import delta
from nextloop.storage.lake import open_lake, writing
from nextloop.tables import LANDING_FILES, ORDERS

GOOD = csv_text([row(1)]).encode()


@pytest.fixture(autouse=True)
def _own_key(monkeypatch):
    """Each test has the same guest key and starts without --quiet."""
    monkeypatch.setenv("NEXTLOOP_PRIVACY__GUEST_KEY", KEY)
    yield
    output.set_quiet(quiet=False)


@pytest.fixture
def landing(tmp_path):
    """A landing with one good file."""
    write(tmp_path / "landing" / "w51.csv", row(1), row(2))
    return tmp_path / "landing"


def ingest(*flags: str) -> int:
    """Run the command on the test's own folders."""
    return run(["ingest", "--landing", "landing", "--lake", "lake", *flags])


def test_run_says_what_came_of_the_rows(landing, capsys):
    """One line adds up the rows, further lines count the rejected by reason."""
    write(landing / "w52.csv", row(2, status="REFUSE"), "broken", row(3, reg_date="-"), "too")
    assert ingest() == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        "2 new files: 6 rows in = 2 accepted + 3 rejected + 1 superseded",
        "  rejected 2: column_count",
        "  rejected 1: not_a_time",
    ]
    assert "nextloop rejects show" in captured.err


def test_second_run_says_that_there_is_nothing_new(landing, capsys):
    """The same landing again: 0 new files, and no version of any table is made."""
    assert ingest() == 0
    lake = open_lake("lake")
    versions = [delta.version(lake, table) for table in (ORDERS, LANDING_FILES)]
    capsys.readouterr()
    assert ingest() == 0
    assert capsys.readouterr().out == "0 new files (1 seen before)\n"
    assert [delta.version(lake, table) for table in (ORDERS, LANDING_FILES)] == versions


def test_events_are_told_below_the_orders(landing, capsys):
    """Where the landing has files of events, a line of their own adds up what came of them."""
    told = landing / "events" / "a.jsonl"
    told.parent.mkdir()
    told.write_bytes(content([event(1), event(1), b"broken"]))
    assert ingest() == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 new file: 2 rows in = 2 accepted + 0 rejected + 0 superseded",
        "1 new file of events: 3 in = 1 accepted + 1 double + 1 rejected",
        "  rejected 1: event_not_json",
    ]
    assert ingest() == 0
    assert capsys.readouterr().out.splitlines() == [
        "0 new files (1 seen before)",
        "0 new files of events (1 seen before)",
    ]


def test_report_for_machines(landing, capsys):
    """--json prints the whole report and nothing else on standard output."""
    write(landing / "bad.csv", "x").write_text("x\n", "utf-8")
    assert ingest("--json", "--quiet") == 3
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert (report["new_files"], report["rows_in"], report["accepted"]) == (1, 2, 2)
    assert report["refused"][0]["file_name"] == "bad.csv"
    assert set(report["versions"]) == {
        "orders",
        "order_lines",
        "rejected_rows",
        "landing_files",
    }
    assert captured.err.startswith("warning: bad.csv was refused: ")


REFUSED = {
    "wrong_header": ("bad.csv", b"id,name\n1,Kim\n", "no header"),
    "half_written_gzip": ("bad.csv.gz", gzip.compress(GOOD)[:-10], "cut off"),
    "cp949": ("bad.csv", "주문,상태\n".encode("cp949"), "not text"),
    "empty": ("bad.csv", b"", "no header"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_bad_file_is_told_in_a_line_and_the_others_get_in(landing, capsys, kind):
    """The exit code is 3, at the next run too, until the file is gone."""
    name, content, said = REFUSED[kind]
    (landing / name).write_bytes(content)
    for told in ("1 new file: 2 rows in", "0 new files (1 seen before)"):
        assert ingest("--quiet") == 3
        captured = capsys.readouterr()
        assert captured.out.startswith(told)
        (line,) = captured.err.splitlines()
        assert line.startswith(f"warning: {name} was refused: ")
        assert said in line
        assert line.endswith(".")
    (landing / name).unlink()
    assert ingest("--quiet") == 0


def foreign_lake() -> None:
    """A folder with somebody's things where the lake should be."""
    Path("lake").mkdir()
    Path("lake/photo.jpg").write_bytes(b"x")


def other_key() -> None:
    """A lake that was made with another key."""
    assert ingest("--quiet") == 0
    os.environ["NEXTLOOP_PRIVACY__GUEST_KEY"] = "another guest key of thirty-nine letters"


def dangling_link() -> None:
    """A link to a file that is gone."""
    Path("landing/w52.csv").symlink_to("gone")


FAULTS = {
    "wrong_folder": (
        lambda: shutil.move("landing", "elsewhere"),
        2,
        "is not a folder",
        "--landing",
    ),
    "empty_landing": (
        lambda: Path("landing/w51.csv").unlink(),
        3,
        "holds no order file",
        "nextloop simulate",
    ),
    "lake_not_ours": (foreign_lake, 2, "is not a NextLoop lake", "--lake"),
    "lake_of_another_key": (other_key, 2, "another guest key", "NEXTLOOP_PRIVACY__GUEST_KEY"),
    "file_that_cannot_be_read": (dangling_link, 4, "cannot be read: No such file", "move it out"),
    "lake_that_cannot_be_made": (
        lambda: Path("lake").symlink_to("/proc/nowhere"),
        4,
        "cannot be written",
        "--lake",
    ),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_fault_is_one_clear_line_and_an_advice(landing, capsys, kind):
    """What is wrong, what to do, its own exit code, no traceback, nothing half-published."""
    prepare, code, said, advice = FAULTS[kind]
    prepare()
    capsys.readouterr()
    assert ingest("--quiet") == code
    captured = capsys.readouterr()
    assert captured.out == ""
    wrong, hint = captured.err.splitlines()
    assert wrong.startswith("error: ")
    assert said in wrong
    assert hint.startswith("  -> ")
    assert advice in hint
    if not kind.startswith("lake_of"):
        assert not list(Path().glob("lake/*/_delta_log"))


def test_debug_shows_where_a_fault_came_from(capsys):
    """--debug adds the traceback that is left out otherwise."""
    assert ingest("--debug") == 2
    assert "Traceback" in capsys.readouterr().err


def test_second_command_names_the_process_that_writes(landing, capsys):
    """Two at once: the second waits for nobody and says whom to wait for."""
    assert ingest("--quiet") == 0
    with writing(open_lake("lake")):
        assert ingest("--quiet") == 4
    assert f"process {os.getpid()}" in capsys.readouterr().err


def test_no_guest_is_named_in_what_is_printed(landing, capsys):
    """Neither a refused nor a rejected row's guest shows up on the screen."""
    write(landing / "w52.csv", row(5, reg_date="-"), row(6, customer_name='"'))
    (landing / "bare.csv").write_bytes(csv_text([row(7)]).encode().split(b"\n", 1)[1])
    ingest()
    run(["tables", "show", "rejected_rows", "--lake", "lake"])
    run(["tables", "show", "landing_files", "--lake", "lake"])
    captured = capsys.readouterr()
    assert not [
        text for text in ("김민수", "777001", "Ocean") if text in captured.out + captured.err
    ]
