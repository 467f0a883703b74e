"""Any week can be run again or filled in later: the tables are those of a run in time."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from tests.lakes import Chain

from nextloop.cli.app import run
from nextloop.features.reader import as_of_dates, read_arrow
from nextloop.tables import FEATURE_TABLES, INTERACTIONS, ORDER_LINES, ORDERS, REJECTED_ROWS


@pytest.fixture(scope="module")
def weeks(tmp_path_factory) -> list[tuple[Path, str]]:
    """Four weekly files and the last day of each; orders open at the cut come again."""
    folder = tmp_path_factory.mktemp("simulated") / "landing"
    asked = ("--hotels", "2", "--weeks", "4", "--orders", "600", "--broken-rows", "0.02", "--quiet")
    assert run(["simulate", "--out", str(folder), *asked]) == 0
    return [(path, sunday(path)) for path in sorted(folder.glob("*.csv"))]


def sunday(path: Path) -> str:
    """The last day of the week that a file is of."""
    year, week = map(int, re.findall(r"(\d{4})-W(\d\d)", path.name)[0])
    return dt.date.fromisocalendar(year, week, 7).isoformat()


def arrive(chain: Chain, weeks: Sequence[tuple[Path, str]]) -> None:
    """Put weeks' files into the landing and take them in."""
    for path, _ in weeks:
        shutil.copy(path, chain.landing)
    chain.ingest()


def everything(chain: Chain) -> dict[str, pa.Table]:
    """All rows that readers get, in the order of their keys, by table and as-of date."""
    found = {table.name: chain.table(table) for table in (ORDERS, ORDER_LINES, REJECTED_ROWS)}
    for date in as_of_dates(chain.lake, INTERACTIONS):
        for table in FEATURE_TABLES:
            found[f"{table.name} as of {date}"] = read_arrow(chain.lake, table, date)
    return found


@pytest.fixture(scope="module")
def in_time(tmp_path_factory, sail, weeks):
    """What a run each week gives."""
    chain = Chain(tmp_path_factory.mktemp("in_time"), sail)
    for week in weeks:
        arrive(chain, [week])
        chain.features(week[1])
    return everything(chain)


def test_weeks_filled_in_at_once_and_backwards(chain, weeks, in_time):
    """Later states of an order that are known by then change nothing as of a week before them."""
    arrive(chain, weeks)
    for _, as_of in reversed(weeks):
        chain.features(as_of)
    assert everything(chain) == in_time


def test_files_that_arrive_in_another_order(chain, weeks, in_time):
    """A late week takes its place; what was made without it is made anew."""
    for week in (weeks[2], weeks[0], weeks[3]):
        arrive(chain, [week])
    chain.features(weeks[3][1])
    arrive(chain, [weeks[1]])
    for _, as_of in weeks:
        chain.features(as_of)
    assert everything(chain) == in_time


def test_every_week_run_again(chain, weeks, in_time):
    """A second run gives equal tables, a third has nothing to do."""
    for week in weeks:
        arrive(chain, [week])
        chain.features(week[1])
    for week in weeks:
        arrive(chain, [week])
        chain.features(week[1])
    versions = chain.versions()
    assert everything(chain) == in_time
    for week in weeks:
        arrive(chain, [week])
        assert not chain.features(week[1]).made
    assert chain.versions() == versions
