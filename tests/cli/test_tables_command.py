"""`nextloop tables` as a person sees it: what is stored and what it means."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import pytest
from tests.lakes import chain
from tests.order_files import row

from nextloop.cli.app import run
from nextloop.tables import ORDERS, TABLES

__all__ = ["chain"]


@pytest.fixture
def lake(chain, monkeypatch):
    """A lake with three orders in two runs, its folder set for the command."""
    chain.take_in([row(1), row(2), "broken"], "a.csv")
    chain.take_in([row(3)], "b.csv")
    monkeypatch.setenv("NEXTLOOP_LAKE", str(chain.root))
    return chain


def told(capsys, *arguments: str) -> Any:
    """What a command prints as JSON."""
    assert run(["tables", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_list_has_every_table(lake, capsys):
    """Also those that are not made yet; grain, rows and version stand beside the name."""
    tables = {row["table"]: row for row in told(capsys, "list")}
    assert list(tables) == list(TABLES)
    assert (tables["orders"]["rows"], tables["orders"]["version"]) == (3, 2)
    assert tables["orders"]["grain"] == "one row an order, in its newest known state"
    assert (tables["item_pairs"]["rows"], tables["item_pairs"]["version"]) == (0, None)
    assert run(["tables", "list"]) == 0
    assert "landing_files" in capsys.readouterr().out


def test_show_tells_schema_grain_rows_and_a_sample(lake, capsys):
    """Each column has its type, whether it may be null, and its meaning."""
    shown = told(capsys, "show", "orders", "--rows", "2")
    assert (shown["rows"], shown["version"], shown["key"]) == (3, 2, ["hotel_seq", "order_seq"])
    assert shown["columns"][0] == {
        "column": "hotel_seq",
        "type": "int64",
        "null": "no",
        "meaning": "The hotel.",
    }
    assert [row["order_seq"] for row in shown["sample"]] == [1, 2]


def test_show_for_people(lake, capsys):
    """The page has the grain, the columns and the sample as name and value."""
    assert run(["tables", "show", "orders", "--rows", "1"]) == 0
    page = capsys.readouterr().out
    assert "one row an order" in page
    assert "guest_key" in page
    assert page.count("Row ") == 1
    assert "김민수" not in page


def test_show_an_older_version(lake, capsys):
    """A version shows its own rows."""
    assert told(capsys, "show", "orders", "--version", "1")["rows"] == 2


def test_show_without_a_sample(lake, capsys):
    """--rows 0 leaves the sample out."""
    assert told(capsys, "show", "orders", "--rows", "0")["sample"] == []


def test_history_lists_versions_with_their_runs(lake, capsys):
    """The newest stands first and names the run that made it."""
    found = told(capsys, "history", "orders")
    assert [row["version"] for row in found] == [2, 1, 0]
    runs = {row["file_name"]: row["run_id"] for row in lake.ledger().values()}
    assert [row["run"] for row in found] == [runs["b.csv"], runs["a.csv"], None]


@pytest.mark.parametrize(
    ("arguments", "code", "said", "advice"),
    [
        (["show", "order"], 2, "no table 'order'", "Did you mean orders?"),
        (["history", "bills"], 2, "no table 'bills'", "interactions"),
        (["show", "item_pairs"], 3, "no table item_pairs", "nextloop features"),
        (["history", "promotions"], 3, "no table promotions", "train"),
        (["show", "orders", "--version", "9"], 3, "no version 9", "tables history orders"),
        (["show", "orders", "--version", "-1"], 2, "'--version'", "--help"),
        (["show", "orders", "--rows", "-1"], 2, "'--rows'", "--help"),
        (["list", "--lake", "nowhere"], 3, "There is no lake", "nextloop ingest"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_fault_is_one_clear_line(lake, capsys, arguments, code, said, advice):
    """What is wrong and what to do, no traceback."""
    assert run(["tables", *arguments]) == code
    wrong, hint = capsys.readouterr().err.splitlines()
    assert wrong.startswith("error: ")
    assert said in wrong
    assert advice in hint


def test_vacuum_removes_what_no_version_has(lake, capsys):
    """A dead run's old files go, a living run's new ones and every version's stay."""
    versions = lake.versions()
    for age_days, name in ((30, "dead"), (0, "alive")):
        path = lake.root / "orders" / f"run-{name}" / "2017-12-18.parquet"
        path.parent.mkdir()
        path.write_bytes(b"rows")
        os.utime(path, (time.time() - age_days * 86400,) * 2)
    left = [{"table": "orders", "files": 1, "first": "run-dead/2017-12-18.parquet"}]
    assert told(capsys, "vacuum", "--dry-run") == told(capsys, "vacuum") == left
    assert not list(lake.root.glob("orders/run-dead/*"))
    assert list(lake.root.glob("orders/run-alive/*"))
    assert told(capsys, "vacuum") == []
    assert lake.table(ORDERS, versions["orders"]) == lake.table(ORDERS)
    assert lake.table(ORDERS, 1).num_rows == 2
    assert (lake.ingest().rewound, lake.ingest().new_files) == ([], 0)
    assert lake.take_in([row(9)], "c.csv").accepted == 1
