"""Runs killed at every named point: a rerun gives what an undisturbed run gives.

While they die and are made good, a reader polls: it never sees half a run.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from tests.event_files import Told
from tests.jobs import stopped_at
from tests.lakes import Chain
from tests.order_files import KEY, row

from nextloop.features.reader import read_arrow, versions
from nextloop.jobs.settling import consistent_versions
from nextloop.storage import delta
from nextloop.tables import (
    FEATURE_TABLES,
    INTERACTIONS,
    ITEM_FEATURES,
    ORDER_LINES,
    ORDERS,
    REJECTED_ROWS,
    Table,
)

SECONDS = 120
WEEKS = ("2017-12-06", "2017-12-13", "2017-12-20")
FIRST, LAST = "2017-12-10", "2017-12-24"
ROWS = {ORDERS: (12, 36), ORDER_LINES: (12, 36), REJECTED_ROWS: (1, 3)}
"""Rows of each table before and after the run that is killed."""


def fill(chain: Chain, *weeks: str) -> None:
    """Put weeks there, a file each, with broken rows and orders that come again."""
    for day in weeks:
        number = WEEKS.index(day) * 100
        times = {"reg_date": f"{day} 19:00:00", "check_date": "", "complete_date": ""}
        rows = [row(number + place, **times) for place in range(12)]
        complete = {**times, "complete_date": f"{day} 19:30:00"}
        chain.put(f"{day}.csv", [*rows, "broken", row(3, **complete), row(number + 3, **complete)])


def begin(chain: Chain) -> None:
    """A lake with one week in it, and two more in the landing."""
    fill(chain, WEEKS[0])
    chain.ingest()
    chain.features(FIRST)
    fill(chain, *WEEKS[1:])


def tables(chain: Chain, *which: Table) -> list[object]:
    """What readers see."""
    return [chain.table(table).to_pylist() for table in which]


def command(chain: Chain | Told, point: str, action: str, *arguments: str) -> subprocess.Popen[str]:
    """Start one of our commands that stops at a point."""
    return subprocess.Popen(
        [sys.executable, stopped_at.__file__, point, action, *arguments, "--quiet"],
        env={
            **os.environ,
            "NEXTLOOP_LANDING": f"{chain.place}/landing",
            "NEXTLOOP_LAKE": f"{chain.place}/lake",
            "NEXTLOOP_PRIVACY__GUEST_KEY": KEY,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_at(chain: Chain | Told, point: str, *arguments: str) -> None:
    """Run one of our commands until it dies at a point."""
    with command(chain, point, "kill", *arguments) as process:
        said = process.communicate(timeout=SECONDS)
    assert process.returncode == -9, said


@contextmanager
def polled(look, chain: Chain) -> Iterator[None]:
    """Look at the lake again and again, from another thread; whatever it raises fails the test."""
    over, looks = threading.Event(), [0]
    troubles: list[BaseException] = []

    def poll() -> None:
        while not over.is_set() and not troubles:
            try:
                look(chain)
            except BaseException as trouble:  # noqa: BLE001 told below, whatever it is
                troubles.append(trouble)
            looks[0] += 1
            over.wait(0.02)

    reader = threading.Thread(target=poll)
    reader.start()
    try:
        yield
    finally:
        over.set()
        reader.join()
    if troubles:
        raise troubles[0]
    assert looks[0] > 1


def whole_orders(chain: Chain) -> None:
    """Each table is as before or after the run, and those of one state of the ledger agree."""
    lake = chain.lake
    for table, states in ROWS.items():
        assert delta.read(lake, table).num_rows in {states[0], states[1]}, table.name
    found = consistent_versions(lake)
    orders, lines, rejects = (delta.read(lake, table, found[table.name]) for table in ROWS)
    assert (orders.num_rows, lines.num_rows, rejects.num_rows) in zip(*ROWS.values(), strict=True)


def whole_features(chain: Chain) -> None:
    """What is read as one state was made by one run."""
    made = versions(chain.lake)
    bought = read_arrow(chain.lake, INTERACTIONS, version=made[INTERACTIONS.name])
    items = read_arrow(chain.lake, ITEM_FEATURES, version=made[ITEM_FEATURES.name])
    assert bought["as_of"][0] == items["as_of"][0]
    assert sum(items["order_count"].to_pylist()) == bought.num_rows


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, sail):
    """The tables that runs give which nobody kills."""
    chain = Chain(tmp_path_factory.mktemp("undisturbed"), sail)
    begin(chain)
    chain.ingest()
    chain.features(LAST)
    return {
        "ingest": tables(chain, *ROWS),
        "features": tables(chain, *FEATURE_TABLES),
    }


@pytest.mark.slow
@pytest.mark.parametrize("point", stopped_at.INGEST)
def test_ingest_killed(chain, undisturbed, point):
    """Nothing is lost and nothing doubled, wherever the run was when it was killed."""
    begin(chain)
    with polled(whole_orders, chain):
        kill_at(chain, point, "ingest")
        chain.ingest()
    assert tables(chain, *ROWS) == undisturbed["ingest"]
    ledger = chain.ledger().values()
    assert sum(found["rows_in"] for found in ledger) == 45
    assert all(
        found["rows_in"] == found["accepted"] + found["rejected"] + found["superseded"]
        for found in ledger
    )
    after = chain.versions()
    again = chain.ingest()
    assert (again.rewound, again.new_files, chain.versions()) == ([], 0, after)


@pytest.mark.slow
@pytest.mark.parametrize("point", stopped_at.REWINDING)
def test_run_killed_while_it_took_another_back(chain, undisturbed, point):
    """Taking back is made good as well."""
    begin(chain)
    with polled(whole_orders, chain):
        kill_at(chain, "rejects_published", "ingest")
        kill_at(chain, point, "ingest")
        chain.ingest()
    assert tables(chain, *ROWS) == undisturbed["ingest"]


@pytest.mark.slow
@pytest.mark.parametrize("point", stopped_at.FEATURES)
def test_features_killed(chain, undisturbed, point):
    """Whatever tables were published already, readers go on with the date before."""
    begin(chain)
    chain.ingest()
    with polled(whole_features, chain):
        kill_at(chain, point, "features", "--as-of", LAST)
        seen = chain.features(LAST)
    assert seen.made is (point != "interactions_published")
    assert tables(chain, *FEATURE_TABLES) == undisturbed["features"]


@pytest.mark.slow
@pytest.mark.parametrize("point", ["rows_staged", "orders_published", "rejects_published"])
def test_ingest_into_a_bucket_killed(gcs, sail, undisturbed, point):
    """The same where nothing can be locked and nothing renamed."""
    chain = Chain(gcs.place(), sail)
    begin(chain)
    with polled(whole_orders, chain):
        kill_at(chain, point, "ingest")
        chain.ingest()
    assert tables(chain, *ROWS) == undisturbed["ingest"]


@pytest.mark.slow
def test_run_killed_at_random(chain, undisturbed):
    """Wherever it was hit, nothing is left behind that the next run trips over."""
    begin(chain)
    process = command(chain, "ledger_published", "wait", "ingest")
    with suppress(subprocess.TimeoutExpired):  # a quick machine may be done by then
        process.wait(random.uniform(1.0, 3.5))
    process.kill()
    process.communicate()
    chain.ingest()
    assert tables(chain, *ROWS) == undisturbed["ingest"]


def race(chain: Chain | Told, point: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a run of the same weeks and hold it at a point."""
    process = command(chain, point, "wait", *(arguments or ("ingest",)))
    assert process.stdout
    assert process.stdout.readline() == "stopped\n", process.communicate()
    return process


def go_on(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Let a held run go on to its end; return its exit code and what it said."""
    _, said = process.communicate("go\n", timeout=SECONDS)
    return process.returncode, said


@pytest.mark.slow
@pytest.mark.parametrize("point", ["run_planned", "week_settled", "orders_published"])
def test_two_runs_of_one_week_in_a_bucket(gcs, sail, undisturbed, point):
    """The run that was held up and overtaken says so; a rerun has nothing to do."""
    chain = Chain(gcs.place(), sail)
    begin(chain)
    with polled(whole_orders, chain):
        late = race(chain, point)
        winner = chain.ingest()
        code, said = go_on(late)
    assert winner.new_files == 2
    assert code == 4, said
    assert "Another run published" in said
    assert tables(chain, *ROWS) == undisturbed["ingest"]
    after = chain.versions()
    again = chain.ingest()
    assert (again.rewound, again.new_files, chain.versions()) == ([], 0, after)


@pytest.mark.slow
def test_run_that_was_taken_back_while_it_lived_is_given_back(gcs, sail, undisturbed):
    """A run thought dead has only its ledger to write: it wins, and the tables say so."""
    chain = Chain(gcs.place(), sail)
    begin(chain)
    late = race(chain, "ledger_written")
    other = race(chain, "tables_settled")
    assert go_on(late)[0] == 0
    code, said = go_on(other)
    assert code == 4, said
    assert tables(chain, *ROWS) == undisturbed["ingest"]
    after = chain.versions()
    assert (chain.ingest().rewound, chain.versions()) == ([], after)


@pytest.mark.slow
def test_two_runs_of_one_week_in_a_folder(chain, undisturbed):
    """The second is refused at once and told by whom; afterwards it has nothing to do."""
    begin(chain)
    first = race(chain, "run_planned")
    with command(chain, "landing_listed", "wait", "ingest") as second:
        _, said = second.communicate("go\n", timeout=SECONDS)
    assert second.returncode == 4
    assert f"process {first.pid}" in said
    assert go_on(first)[0] == 0
    assert tables(chain, *ROWS) == undisturbed["ingest"]
    assert chain.ingest().new_files == 0
