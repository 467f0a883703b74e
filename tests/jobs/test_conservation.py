"""The law of conservation: every row of every file is accepted, rejected or superseded, once."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from tests.generated_rows import broken_lines, rows
from tests.lakes import Chain
from tests.order_files import csv_line

from nextloop.orders.reasons import REASONS
from nextloop.tables import ORDER_LINES, ORDERS, REJECTED_ROWS
from nextloop.tables.order_file import COLUMNS

LINES = st.lists(rows().map(lambda values: csv_line(values).encode()) | broken_lines(), max_size=8)
RUNS = st.lists(st.lists(LINES, min_size=1, max_size=2), min_size=1, max_size=3)


@pytest.mark.timeout(400)  # a run takes a third of a second, and shrinking a fault many runs
@given(RUNS)
@limits(max_examples=9, phases=[Phase.reuse, Phase.generate, Phase.shrink])
def test_rows_in_are_accepted_rejected_or_superseded(sail, runs):
    """Per file and per run the counts add up, and the tables hold what the counts say."""
    with tempfile.TemporaryDirectory() as folder:
        chain = Chain(Path(folder), sail)
        header = ",".join(COLUMNS).encode() + b"\n"
        for run, files in enumerate(runs):
            sizes = {}
            for number, lines in enumerate(files):
                name = f"{run}-{number}.csv"
                content = header + b"".join(line + b"\n" for line in lines)
                (chain.landing / name).write_bytes(content)
                sizes[name] = sum(bool(line.strip()) for line in lines)
            report = chain.ingest()
            ledger = {found["file_name"]: found for found in chain.ledger().values()}
            # A file of which no row is UTF-8 is refused whole; one seen before is not new.
            refused = {bad.file_name for bad in report.refused}
            new = {name: size for name, size in sizes.items() if name in {*ledger} - refused}
            told = report.new_files + report.seen_files + len(refused)
            assert told == len(list(chain.landing.iterdir()))
            assert report.rows_in == sum(new.values())
            assert report.rows_in == report.accepted + report.rejected + report.superseded
            assert {name: ledger[name]["rows_in"] for name in new} == new
        check_tables(chain)


def check_tables(chain: Chain) -> None:
    """Compare every table with the ledger, file by file."""
    ledger = chain.ledger().values()
    for found in ledger:
        assert found["rows_in"] == found["accepted"] + found["rejected"] + found["superseded"]
        assert 0 <= found["replaced"] <= found["accepted"]
    orders, lines = chain.table(ORDERS), chain.table(ORDER_LINES)
    assert orders.num_rows == sum(found["accepted"] - found["replaced"] for found in ledger)
    assert orders.num_rows == len(set(chain.rows(ORDERS, *ORDERS.key)))
    assert lines.num_rows == sum(orders["line_count"].to_pylist())
    assert lines.num_rows == len(set(chain.rows(ORDER_LINES, *ORDER_LINES.key)))
    rejected = chain.rows(REJECTED_ROWS, "file_name", "line_number", "reason")
    assert len(rejected) == len(set(rejected)) == sum(found["rejected"] for found in ledger)
    assert {reason for _, _, reason in rejected} <= set(REASONS)
