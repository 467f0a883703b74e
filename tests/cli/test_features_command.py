"""`nextloop features` as a person sees it."""

from __future__ import annotations

import json

import pytest
from tests.lakes import chain
from tests.order_files import contents, item, row

from nextloop.cli import output
from nextloop.cli.app import run

__all__ = ["chain"]


@pytest.fixture
def lake(chain, monkeypatch):
    """A lake with two orders of one guest, its folder set for the command."""
    two = contents(item(itemSeq=1), item(itemSeq=2))
    chain.take_in([row(1, contents=two), row(2)])
    monkeypatch.setenv("NEXTLOOP_LAKE", str(chain.root))
    yield chain
    output.set_quiet(quiet=False)


def test_rows_of_each_table_are_told(lake, capsys):
    """Without a date it is the newest order's; a second run has nothing to do and says so."""
    assert run(["features", "--quiet"]) == 0
    counts = (
        "interactions 3, item_features 3, guest_features 1, item_pairs 6, hotel_demand 1 rows\n"
    )
    assert capsys.readouterr().out == f"Features as of 2017-12-20: {counts}"
    assert run(["features", "--quiet", "--as-of", "2017-12-20"]) == 0
    already = "Features as of 2017-12-20 (already there, nothing to do): "
    assert capsys.readouterr().out == already + counts


def test_report_for_machines(lake, capsys):
    """--json names the versions that were read and made."""
    assert run(["features", "--json", "--quiet", "--as-of", "2017-12-31"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["as_of"], report["made"]) == ("2017-12-31", True)
    assert report["rows"]["interactions"] == 3
    assert report["inputs"] == {"orders": 1, "order_lines": 1, "rejected_rows": 0}
    assert set(report["versions"]) == set(report["rows"])


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["--as-of", "25.12.2017"], 2, "'25.12.2017', which is not a date"),
        (["--as-of", "2017-02-30"], 2, "'2017-02-30', which is not a date"),
        (["--as-of", "2017-12-01"], 3, "no orders to learn from up to 2017-12-01"),
        (["--lake", "nowhere"], 3, "There is no lake at"),
        (["--lake", "home"], 3, "There is no lake at"),
        (["--lake", "."], 2, "is not a NextLoop lake"),
    ],
    ids=["other_spelling", "no_such_day", "too_early", "no_lake", "empty_folder", "not_ours"],
)
def test_fault_is_one_clear_line(lake, capsys, flags, code, said):
    """What is wrong and what to do, no traceback."""
    assert run(["features", "--quiet", *flags]) == code
    wrong, hint = capsys.readouterr().err.splitlines()
    assert said in wrong
    assert hint.startswith("  -> ")
