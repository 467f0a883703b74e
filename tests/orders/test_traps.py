"""The corpus of traps, all in one landing: every good row gets in, every bad one is told."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from tests.lakes import Chain
from tests.orders.traps import TRAPS

from nextloop import settings
from nextloop.jobs.contract.check import check
from nextloop.jobs.ingest import IngestReport
from nextloop.orders.reasons import FLAGS, REASONS
from nextloop.orders.refusals import REFUSALS
from nextloop.tables import ORDER_LINES, ORDERS, REJECTED_ROWS


@dataclass
class Taken:
    """What one ingest run made of the whole corpus."""

    chain: Chain
    report: IngestReport
    orders: dict[str, list[dict[str, Any]]]
    rejected: dict[str, list[dict[str, Any]]]
    ledger: dict[str, dict[str, Any]]


def by_file(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Rows by the file that they came from, in the file's order."""
    found = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["line_number"]):
        found[row["file_name"]].append(row)
    return found


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory, sail: SparkSession) -> Taken:
    """Take in all traps by one run of the ingest job."""
    chain = Chain(tmp_path_factory.mktemp("traps"), sail)
    for name, trap in TRAPS.items():
        (chain.landing / f"{name}{trap.ending}").write_bytes(trap.content)
    report = chain.ingest()
    return Taken(
        chain,
        report,
        by_file(chain.table(ORDERS).to_pylist()),
        by_file(chain.table(REJECTED_ROWS).to_pylist()),
        {row["file_name"]: row for row in chain.ledger().values()},
    )


@pytest.mark.parametrize("name", TRAPS)
def test_trap_in_ingest(taken, name):
    """Its good rows are orders, its bad ones are rejected with line and reason, and all add up."""
    trap, file = TRAPS[name], f"{name}{TRAPS[name].ending}"
    orders, rejected, entry = taken.orders[file], taken.rejected[file], taken.ledger[file]
    assert [order["order_seq"] for order in orders] == list(trap.accepted)
    assert {each["order_seq"]: each["flags"] for each in orders if each["flags"]} == trap.flags
    assert [(row["line_number"], row["reason"]) for row in rejected] == list(trap.rejected)
    assert entry["outcome"] == ("refused" if trap.refused else "ingested")
    assert (entry["accepted"], entry["rejected"], entry["superseded"]) == (
        len(trap.accepted),
        len(trap.rejected),
        trap.superseded,
    )
    assert entry["rows_in"] == entry["accepted"] + entry["rejected"] + entry["superseded"]
    assert trap.said in (entry["reason"] or "")


@pytest.mark.parametrize("name", TRAPS)
def test_trap_in_check(tmp_path, name):
    """The check before sending says the same of the file as the ingest afterwards."""
    trap = TRAPS[name]
    path = tmp_path / f"{name}{trap.ending}"
    path.write_bytes(trap.content)
    report = check([str(path)], settings.load({}))
    (file,) = report.files
    assert (file.refused.code if file.refused else None) == trap.refused
    assert [(fault.line, fault.rule) for fault in file.faults] == list(trap.rejected)
    assert file.accepted == len(trap.accepted) + trap.superseded
    assert set(file.flags) == {code for codes in trap.flags.values() for code in codes}
    assert report.fine is not bool(trap.refused or trap.rejected)


def test_run_over_the_corpus_adds_up(taken):
    """Over all traps, rows in are accepted, rejected or superseded, and no order is lost."""
    traps, report = TRAPS.values(), taken.report
    assert report.rows_in == report.accepted + report.rejected + report.superseded
    assert report.accepted == sum(len(trap.accepted) for trap in traps)
    assert report.rejected == sum(len(trap.rejected) for trap in traps)
    assert report.superseded == sum(trap.superseded for trap in traps)
    assert len(report.refused) == sum(trap.refused is not None for trap in traps)
    assert report.reasons == Counter(reason for trap in traps for _, reason in trap.rejected)
    assert sum(map(len, taken.orders.values())) == report.accepted
    lines = taken.chain.table(ORDER_LINES).num_rows
    assert lines == sum(each["line_count"] for found in taken.orders.values() for each in found)


def test_second_run_over_the_corpus_changes_nothing(taken):
    """No trap is read again, and none leaves anything that a later run trips over."""
    versions = taken.chain.versions()
    again = taken.chain.ingest()
    assert (again.new_files, again.rows_in, again.rewound) == (0, 0, [])
    assert again.refused == taken.report.refused
    assert taken.chain.versions() == versions


def test_no_guest_of_a_trap_is_in_the_lake(taken):
    """Whatever is broken: no name and no number of a guest or room gets into any file."""
    told = [text.encode() for text in ("김민수", "777001", "Ocean501")]
    files = [path for path in taken.chain.root.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert not [path for path in files for text in told if text in path.read_bytes()]
    rows = repr((taken.orders, taken.rejected, taken.ledger))
    assert not [text for text in ("김민수", "777001", "Ocean501") if text in rows]


def test_every_code_is_met_by_a_trap():
    """Each reason, flag and refusal has a trap, but for those that need a setting or no file."""
    assert {reason for trap in TRAPS.values() for _, reason in trap.rejected} == set(REASONS)
    flags = {code for trap in TRAPS.values() for codes in trap.flags.values() for code in codes}
    assert flags == set(FLAGS)
    elsewhere = {"file_name", "file_too_large", "unpacks_too_large"}
    assert {trap.refused for trap in TRAPS.values()} - {None} == set(REFUSALS) - elsewhere


def test_traps_are_many_and_do_not_share_orders():
    """At least 40 kinds of files beside the kinds of rows; no order stands in two of them."""
    rows = [name for name in TRAPS if name.startswith("row_")]
    assert len(TRAPS) - len(rows) > 40
    orders = [order for trap in TRAPS.values() for order in set(trap.accepted)]
    assert len(orders) == len(set(orders))
    assert len({trap.content for trap in TRAPS.values()}) == len(TRAPS)


def test_reader_gives_no_reason_without_words():
    """Every code that the source names as a reason or a refusal has its words, and none is idle."""
    root = Path(__file__).parents[2] / "src" / "nextloop" / "orders"
    sources = {path.name: path.read_text("utf-8") for path in root.glob("*.py")}
    words = {"reasons.py", "refusals.py"}
    rest = "".join(found for name, found in sources.items() if name not in words)
    idle = {code for code in (REASONS | FLAGS) if f'"{code}"' not in rest}
    assert idle == set()
