"""Sail, Apache Spark in one JVM and on a cluster make the same tables, in folders and buckets."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pytest
from tests.gcs.stand_in import EMULATOR, REAL_BUCKET, Bucket, StandIn
from tests.jobs.chain_on import AS_OF, chains_on
from tests.order_files import contents, csv_line, csv_text, item, row
from tests.spark.local_cluster import LocalCluster, connector_jar

from nextloop.simulator import SimulatorConfig, simulate, write
from nextloop.storage import delta
from nextloop.storage.lake import open_lake
from nextloop.tables import FEATURE_TABLES, LANDING_FILES, ORDER_LINES, ORDERS, REJECTED_ROWS

COMPARED = (ORDERS, ORDER_LINES, REJECTED_ROWS, LANDING_FILES, *FEATURE_TABLES)
OF_THE_RUN = ("run_id", "recorded_at", "file_mark")
ROOT = Path(__file__).parents[2]

SECONDS = 600
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


@dataclass
class Engines:
    """What each engine made of the landing, at each place; asked for once."""

    source: Path
    root: Path
    cluster: LocalCluster
    gcs_server: StandIn
    made: dict[str, dict[str, pa.Table]] = field(default_factory=dict)

    def tables(self, run: str) -> dict[str, pa.Table]:
        """All tables of a run, by name."""
        if run not in self.made:
            self._run(run.partition(" on ")[0])
        return self.made[run]

    def _run(self, engine: str) -> None:
        folder = self.root / str(len(self.made))
        folder.mkdir()
        if engine == "sail":
            chains_on(engine, self.source, str(folder))
            self.made[engine] = _read(str(folder))
            return
        bucket = os.environ.get(REAL_BUCKET)
        place = Bucket(None if bucket else self.gcs_server, bucket or "").place()
        variables = {
            **self.cluster.variables,
            "NEXTLOOP_GCS__CONNECTOR": str(connector_jar()),
            **({} if bucket else {EMULATOR: self.gcs_server.url}),
        }
        _chains_apart(self.cluster.url if engine == "cluster" else engine, self.source,
                      [str(folder), place], variables)  # fmt: skip
        self.made[engine] = _read(str(folder))
        with pytest.MonkeyPatch.context() as patch:
            if not bucket:
                patch.setenv(EMULATOR, self.gcs_server.url)
            self.made[f"{engine} on gs"] = _read(place)


def _chains_apart(engine: str, source: Path, places: list[str], variables: dict[str, str]) -> None:
    """Run chains in a process of their own, and hear nothing from it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.jobs.chain_on", engine, source, *places],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **variables},
        timeout=SECONDS,
    )
    assert (done.stderr, done.stdout, done.returncode) == ("", "", 0)


def _read(place: str) -> dict[str, pa.Table]:
    lake = open_lake(f"{place}/lake")
    return {table.name: delta.read(lake, table) for table in COMPARED}


@pytest.fixture(scope="module")
def engines(landing, tmp_path_factory, cluster, gcs_server) -> Engines:
    """The engines, none of which has run yet."""
    return Engines(landing, tmp_path_factory.mktemp("engines"), cluster, gcs_server)


@pytest.mark.parametrize("run", ["local[2]", "cluster", "local[2] on gs", "cluster on gs"])
@pytest.mark.parametrize("table", COMPARED, ids=lambda table: table.name)
def test_rows_are_equal(engines, run, table):
    """Every row and every value, to the last bit, is as the embedded engine makes it."""
    kept = [name for name in table.schema.names if name not in OF_THE_RUN]
    by_key = [(name, "ascending") for name in table.key]
    ours, theirs = (engines.tables(name)[table.name].sort_by(by_key) for name in ("sail", run))
    assert ours.num_rows > 0
    assert ours.select(kept).to_pylist() == theirs.select(kept).to_pylist()


def test_landing_was_worth_comparing(engines):
    """Rows were rejected, orders came again and later ones than the as-of date are there."""
    ledger = engines.tables("sail")["landing_files"].to_pylist()
    for name in ("rejected", "superseded", "replaced"):
        assert sum(found[name] for found in ledger) > 0
    assert max(engines.tables("sail")["orders"]["reg_at"].to_pylist()).date() > AS_OF
    reasons = set(engines.tables("sail")["rejected_rows"]["reason"].to_pylist())
    assert {"column_count", "not_a_time", "contents_not_json", "unbalanced_quote"} <= reasons
