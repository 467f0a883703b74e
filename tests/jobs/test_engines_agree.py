"""Sail and Apache Spark make the same tables of the same landing."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from tests.jobs.chain_on import AS_OF, chain_on
from tests.order_files import contents, csv_line, csv_text, item, row

from nextloop.simulator import SimulatorConfig, simulate, write
from nextloop.storage import delta
from nextloop.storage.lake import open_lake
from nextloop.tables import FEATURE_TABLES, LANDING_FILES, ORDER_LINES, ORDERS, REJECTED_ROWS

COMPARED = (ORDERS, ORDER_LINES, REJECTED_ROWS, LANDING_FILES, *FEATURE_TABLES)
OF_THE_RUN = ("run_id", "recorded_at", "file_mark")
ROOT = Path(__file__).parents[2]

SECONDS = 300
"""Apache Spark takes half a minute for it where it has two cores to itself."""

pytestmark = [pytest.mark.spark, pytest.mark.timeout(SECONDS)]


def odd_rows() -> str:
    """What the simulator does not write: moved weeks, odd forms, stray quotes, a Sunday night."""
    moved = {"reg_date": "2017-12-26 10:00:00", "check_date": "", "complete_date": ""}
    return csv_text(
        [
            row(1, hotel_seq="2", reg_date="2017-12-03 02:30:00", check_date=""),
            row(2, hotel_seq="2", **moved),
            row(900_001, contents=contents(item(itemName='Say "cheese"\n😋', price=0))),
            row(900_002, customer_seq="", reg_date="2017-12-17 23:59:59", complete_date=""),
            csv_line(row(900_003)).replace("Ocean501", '"Ocean501'),
            row(900_004, contents=contents(item(count=3, waitingPeriod=0.1, delayPeriod=-0.3))),
        ]
    )


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four simulated weeks of two hotels, damaged on purpose; the last two come later."""
    root = tmp_path_factory.mktemp("landing")
    config = SimulatorConfig(
        hotels=2,
        weeks=4,
        orders=1_200,
        start=dt.date(2017, 11, 27),
        broken_rows=0.03,
        duplicate_rows=0.02,
        odd_prices=0.05,
        lost_completions=0.05,
        repeat_stays=0.3,
    )
    write(simulate(config), root / "landing", root / "truth")
    shutil.rmtree(root / "truth")
    (root / "later").mkdir()
    for file in sorted((root / "landing").iterdir())[2:]:
        file.rename(root / "later" / file.name)
    (root / "later" / "odd.csv").write_bytes(odd_rows().encode())
    return root


@pytest.fixture(scope="module")
def tables(landing, tmp_path_factory) -> dict[str, dict[str, pa.Table]]:
    """All tables by engine and name."""
    found = {}
    for engine in ("sail", "local[2]"):
        root = tmp_path_factory.mktemp("engine") / "root"
        shutil.copytree(landing, root)
        if engine == "sail":
            chain_on(engine, root)
        else:
            done = subprocess.run(
                [sys.executable, "-m", "tests.jobs.chain_on", engine, root],
                check=False,
                capture_output=True,
                text=True,
                cwd=ROOT,
                timeout=SECONDS,
            )
            assert done.returncode == 0, done.stderr[-4000:]
        lake = open_lake(root / "lake")
        found[engine] = {table.name: delta.read(lake, table) for table in COMPARED}
    return found


@pytest.mark.parametrize("table", COMPARED, ids=lambda table: table.name)
def test_rows_are_equal(tables, table):
    """Every row and every value, to the last bit."""
    kept = [name for name in table.schema.names if name not in OF_THE_RUN]
    by_key = [(name, "ascending") for name in table.key]
    ours, theirs = (tables[engine][table.name].sort_by(by_key) for engine in ("sail", "local[2]"))
    assert ours.num_rows > 0
    assert ours.select(kept).to_pylist() == theirs.select(kept).to_pylist()


def test_landing_was_worth_comparing(tables):
    """Rows were rejected, orders came again and later ones than the as-of date are there."""
    ledger = tables["sail"]["landing_files"].to_pylist()
    for name in ("rejected", "superseded", "replaced"):
        assert sum(found[name] for found in ledger) > 0
    assert max(tables["sail"]["orders"]["reg_at"].to_pylist()).date() > AS_OF
    reasons = set(tables["sail"]["rejected_rows"]["reason"].to_pylist())
    assert {"column_count", "not_a_time", "contents_not_json", "unbalanced_quote"} <= reasons
