"""`nextloop simulate` writes what its options ask for and says what it wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nextloop.cli.app import run

SMALL = ["simulate", "--out", "landing", "--hotels", "1", "--weeks", "2", "--orders", "100"]


def test_the_report_is_json_and_the_files_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json standard output is one document that counts the files' rows."""
    assert run([*SMALL, "--json", "--start", "2026-01-05"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["orders"] == 100
    assert report["rows"] == sum(one["rows"] for one in report["files"])
    assert sorted(path.name for path in Path("landing").iterdir()) == [
        "hotel-orders-2026-W02.csv",
        "hotel-orders-2026-W03.csv",
    ]
    assert (Path("landing-truth") / "truth.json").is_file()


@pytest.mark.parametrize("option", ["--out", "--truth"])
def test_bucket_is_no_folder(capsys: pytest.CaptureFixture[str], option: str) -> None:
    """An address makes no folder of that name here, exit code 2."""
    assert run([*SMALL, option, "gs://bucket/landing"]) == 2
    assert "is a bucket" in capsys.readouterr().err
    assert not Path("gs:").exists()


def test_it_can_be_run_again_but_not_over_something_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A second run replaces the first one's files; a foreign file stops a third, exit code 2."""
    assert run(SMALL) == 0
    assert run([*SMALL, "--seed", "8"]) == 0
    Path("landing/notes.txt").touch()
    assert run(SMALL) == 2
    assert "landing holds notes.txt" in capsys.readouterr().err
    assert run([*SMALL, "--force"]) == 0
    assert Path("landing/notes.txt").exists()


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--start", "2026-01-06"], "is a Tuesday"),
        (["--start", "soon"], "--start soon is no day"),
        (["--broken-rows", "2"], "broken_rows is 2.0"),
        (["--truth", "landing/truth"], "are not apart"),
    ],
)
def test_wrong_options_are_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], option: list[str], said: str
) -> None:
    """The fault names the option's value, and nothing is written."""
    assert run([*SMALL, *option]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not Path("landing").exists()


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """The help of the command can be followed."""
    assert run(["simulate", "--help"]) == 0
    assert "Example: nextloop simulate --out landing" in " ".join(capsys.readouterr().out.split())
