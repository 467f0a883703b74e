"""A run killed at any moment: the next one gives what an undisturbed one gives."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from tests.lakes import Chain
from tests.order_files import KEY, row

from nextloop.tables import ORDER_LINES, ORDERS, REJECTED_ROWS

WEEKS = ("2017-12-06", "2017-12-13", "2017-12-20")


def fill(chain: Chain) -> None:
    """Three weeks in three files, with broken rows and orders that come again."""
    for week, day in enumerate(WEEKS):
        times = {"reg_date": f"{day} 19:00:00", "check_date": "", "complete_date": ""}
        rows = [row(week * 10 + number, **times) for number in range(12)]
        chain.put(f"{day}.csv", [*rows, "broken", row(3, **times)])


def tables(chain: Chain) -> list[object]:
    """What readers see."""
    return [chain.table(table) for table in (ORDERS, ORDER_LINES, REJECTED_ROWS)]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, sail):
    """The tables that a run gives which nobody kills."""
    chain = Chain(tmp_path_factory.mktemp("undisturbed"), sail)
    fill(chain)
    chain.ingest()
    return tables(chain)


def start(chain: Chain) -> subprocess.Popen[bytes]:
    """Start the command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "nextloop.cli", "ingest", "--quiet"],
        env={
            **os.environ,
            "NEXTLOOP_LANDING": str(chain.landing),
            "NEXTLOOP_LAKE": str(chain.root),
            "NEXTLOOP_PRIVACY__GUEST_KEY": KEY,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill_when(process: subprocess.Popen[bytes], folder: Path, pattern: str) -> None:
    """Kill a process the moment that a file of that name shows up below the folder."""
    limit = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < limit:
        if any(folder.glob(pattern)):
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


MOMENTS = {
    "reading": "staging/*/*.parquet",
    "orders_published": "orders/_delta_log/*1.json",
    "all_but_the_ledger": "rejected_rows/_delta_log/*1.json",
}


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_run_is_made_good_by_the_next(chain, undisturbed, moment):
    """Nothing is lost and nothing doubled, wherever the run was when it was killed."""
    fill(chain)
    kill_when(start(chain), chain.root, MOMENTS[moment])
    report = chain.ingest()
    assert tables(chain) == undisturbed
    assert sum(found["rows_in"] for found in chain.ledger().values()) == 42
    assert report.rows_in in {0, 42}
    again = chain.versions()
    assert (chain.ingest().rewound, chain.versions()) == ([], again)


@pytest.mark.slow
def test_run_killed_at_random(chain, undisturbed):
    """Wherever it was hit, nothing is left behind that the next run trips over."""
    fill(chain)
    process = start(chain)
    with suppress(subprocess.TimeoutExpired):  # a quick machine may be done by then
        process.wait(random.uniform(1.0, 3.5))
    process.kill()
    process.wait()
    chain.ingest()
    assert tables(chain) == undisturbed
