"""The files keep the contract, are equal for a seed, and show each order as it stood at the cut."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from nextloop import simulator
from nextloop.errors import UsageFault
from nextloop.simulator import SimulatorConfig
from nextloop.simulator.damage import KINDS
from nextloop.simulator.landing import digest
from nextloop.tables.order_file import COLUMNS

SMALL = SimulatorConfig(hotels=2, weeks=2, orders=600, seed=3)
STATES = {"REGISTER": 0, "CHECK": 1, "COMPLETE": 2, "REFUSE": 2, "CANCEL": 2}
KEYS = [
    "orderType",
    "itemSeq",
    "count",
    "itemName",
    "departmentSeq",
    "price",
    "waitingPeriod",
    "delayPeriod",
    "freeCount",
    "couponSeq",
    "resultPrice",
    "completePeriod",
]
TIMES = ("reg_date", "check_date", "refuse_date", "complete_date", "check_in", "check_out")


def make(config: SimulatorConfig, folder: Path) -> dict[str, bytes]:
    """Write a world and return all its bytes by name, the truth's too."""
    simulator.write(simulator.simulate(config), folder / "landing", folder / "truth")
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def when(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 the hotels' clock


def cut_of(name: str) -> datetime:
    year, week = map(int, re.findall(r"\d+", name))
    return datetime.fromisocalendar(year, week, 1) + timedelta(weeks=1)


def test_a_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """Order files and truth are equal in another run and in a process with other hash seeds."""
    first = make(SMALL, tmp_path / "a")
    assert make(SMALL, tmp_path / "b") == first
    code = (
        "from pathlib import Path\nfrom nextloop import simulator\n"
        "config = simulator.SimulatorConfig(hotels=2, weeks=2, orders=600, seed=3)\n"
        "simulator.write(simulator.simulate(config), Path('c/landing'), Path('c/truth'))\n"
    )
    source = str(Path(simulator.__file__).parents[2])
    surroundings = {"PYTHONHASHSEED": "99", "OMP_NUM_THREADS": "1", "PYTHONPATH": source}
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | surroundings)
    other = {path.name: path.read_bytes() for path in Path("c").rglob("*") if path.is_file()}
    assert other == first


def test_another_seed_gives_other_orders(tmp_path: Path) -> None:
    """No order file of another seed is equal."""
    first = make(SMALL, tmp_path / "a")
    other = make(replace(SMALL, seed=4), tmp_path / "b")
    assert all(other[name] != first[name] for name in first if name.endswith(".csv"))


def test_the_files_keep_the_contract(export) -> None:
    """22 columns in order, a header, UTF-8, one line a row, integers and times as stated."""
    for name, rows in export.rows.items():
        text = (export.landing / name).read_bytes().decode("utf-8")
        assert text.splitlines()[0] == ",".join(COLUMNS)
        assert text.endswith("\n")
        assert text.count("\n") == len(rows) + 1
        for row in rows:
            assert list(row) == list(COLUMNS)
            for column, value in row.items():
                if column.endswith(("_seq", "_cnt", "_price")) and value != r"\N":
                    assert value == str(int(value))
            assert all(row[column] != "" for column in COLUMNS)
            assert all(when(row[column]) for column in TIMES if row[column] != r"\N")


def test_contents_hold_the_contracts_items(export) -> None:
    """Each item has the 12 fields; most contents are arrays, a few one-item orders an object."""
    objects = 0
    for row in (row for rows in export.rows.values() for row in rows):
        items = export.lines(row)
        objects += row["contents"].startswith("{")
        assert all(list(item) == KEYS for item in items)
        assert all(item["count"] >= 1 for item in items)
        assert all((item["price"] == 0) == (item["orderType"] == "SERVICE") for item in items)
        assert len({item["itemSeq"] for item in items}) == len(items)
    assert 0 < objects < 0.05 * len(export.world.orders)


def test_prices_add_up(export) -> None:
    """Lines cost price times paid count less the coupon; orders the sum of lines, rarely more."""
    rows = [row for rows in export.rows.values() for row in rows]
    odd = 0
    for row in rows:
        items = export.lines(row)
        for item in items:
            full = item["price"] * (item["count"] - item["freeCount"])
            if item["couponSeq"] is None:
                assert item["resultPrice"] == full
            else:
                assert item["resultPrice"] < full or item["freeCount"] == 1
        odd += int(row["order_price"]) != sum(item["resultPrice"] for item in items)
    assert 0 < odd < 0.01 * len(rows)
    assert any(item["couponSeq"] for row in rows for item in export.lines(row))


def test_order_numbers_grow_over_all_hotels(export) -> None:
    """order_seq is one sequence by time over hotels and weeks; no order is left out."""
    first_seen: dict[int, dict[str, str]] = {}
    for rows in export.rows.values():
        for row in rows:
            first_seen.setdefault(int(row["order_seq"]), row)
    assert sorted(first_seen) == list(range(1, len(export.world.orders) + 1))
    times = [first_seen[seq]["reg_date"] for seq in sorted(first_seen)]
    assert times == sorted(times)


def test_nothing_after_the_cut_is_in_a_file(export) -> None:
    """A file shows what was known at its cut: no later time, no check-out of guests in house."""
    in_house = 0
    for name, rows in export.rows.items():
        cut = cut_of(name)
        for row in rows:
            known = [when(row[column]) for column in TIMES if row[column] != r"\N"]
            assert max(known) <= cut
            if row["check_in"] != r"\N":
                assert row["check_out_expected"] != r"\N"
                in_house += row["check_out"] == r"\N"
    assert in_house > 100


def test_open_orders_come_again_with_a_newer_state(export) -> None:
    """An order that is open at the cut stands in a later file again, further on than before."""
    seen: dict[str, list[dict[str, str]]] = {}
    for rows in export.rows.values():
        for seq in dict.fromkeys(row["order_seq"] for row in rows):
            seen.setdefault(seq, []).append(next(r for r in rows if r["order_seq"] == seq))
    again = [states for states in seen.values() if len(states) > 1]
    assert len(again) > 10
    for states in again:
        progress = [STATES[row["status"]] for row in states]
        assert progress == sorted(set(progress))
        assert len({(row["hotel_seq"], row["reg_date"], row["room_seq"]) for row in states}) == 1
    still_open = [row for row in export.rows[export.written[0].file] if STATES[row["status"]] < 2]
    came_back = {states[0]["order_seq"] for states in again}
    assert sum(row["order_seq"] in came_back for row in still_open) > 0.5 * len(still_open)


def test_states_and_times_agree(export) -> None:
    """Each status has its own times; a few completed orders lack theirs, as in real exports."""
    lost = completed = 0
    for row in (row for rows in export.rows.values() for row in rows):
        items = export.lines(row)
        done, refused = row["status"] == "COMPLETE", row["status"] == "REFUSE"
        completed += done
        lost += done and row["complete_date"] == r"\N"
        assert done or row["complete_date"] == r"\N"
        assert refused == (row["refuse_date"] != r"\N")
        assert all((item["completePeriod"] is not None) == done for item in items)
        if row["status"] == "REGISTER":
            assert row["check_date"] == r"\N"
            assert all(item["delayPeriod"] is None for item in items)
        if done and row["complete_date"] != r"\N":
            took = when(row["complete_date"]) - when(row["reg_date"])
            longest = max(item["completePeriod"] for item in items)
            assert abs(took.total_seconds() / 60 - longest) <= 1
            assert when(row["reg_date"]) <= when(row["check_date"]) <= when(row["complete_date"])
    assert 0 <= lost < 0.01 * completed


def test_the_traps_of_real_exports_are_there(export) -> None:
    """Anonymous orders, visitors 0 and null, exact duplicates: some of each, not many."""
    rows = [row for rows in export.rows.values() for row in rows]
    anonymous = [row for row in rows if row["customer_seq"] == r"\N"]
    assert 0.01 < len(anonymous) / len(rows) < 0.12
    assert all(row["customer_name"] == r"\N" for row in anonymous)
    assert any(row["check_in"] == r"\N" for row in anonymous)
    visitors = Counter(row["visitor_cnt"] for row in rows if row["check_in"] != r"\N")
    assert 0 < visitors["0"] < 0.05 * len(rows)
    assert 0 < visitors[r"\N"] < 0.05 * len(rows)
    for one in export.written:
        texts = (export.landing / one.file).read_text(encoding="utf-8").splitlines()
        assert len(texts) - len(set(texts)) == one.twice
    assert sum(one.twice for one in export.written) > 0


def test_names_are_made_up_and_known_to_the_truth(export) -> None:
    """Guests' and rooms' names are strings of tense syllables that the truth lists."""
    rows = [row for rows in export.rows.values() for row in rows]
    guests = set(export.truth.tables["guests"]["name"].to_pylist())
    rooms = set(export.truth.tables["rooms"]["name"].to_pylist())
    assert {row["room_name"] for row in rows} <= rooms
    named = {row["customer_name"] for row in rows} - {r"\N"}
    assert named <= guests
    tense = {chr(0xAC00 + (t * 21 + v) * 28) for t in (1, 4, 8, 10, 13) for v in range(21)}
    assert all(set(name) <= tense and len(name) == 5 for name in named)


def test_the_report_counts_what_is_in_the_files(export) -> None:
    """Rows are orders of the week, orders that came again, and rows that stand twice."""
    total = sum(one.rows - one.again - one.twice for one in export.written)
    assert total == len(export.world.orders)
    for one in export.written:
        assert one.rows == len(export.rows[one.file])
        assert one.sha256 == digest(export.landing / one.file)
        assert one.broken == 0
    odd = export.truth.tables["rows"].to_pylist()
    assert Counter(row["kind"] for row in odd) == {
        "again": sum(one.again for one in export.written),
        "twice": sum(one.twice for one in export.written),
    }
    for row in odd:
        assert export.rows[row["file"]][row["line"] - 2]["order_seq"] == str(row["order_seq"])


def test_broken_rows_are_listed_and_leave_the_others_alone(tmp_path: Path) -> None:
    """Each damaged line is in the truth with its kind; every other line is as without damage."""
    whole = make(SMALL, tmp_path / "whole")
    broken = make(replace(SMALL, broken_rows=0.2), tmp_path / "broken")
    listed = {
        (row["file"], row["line"]): row["kind"]
        for row in pq.read_table(tmp_path / "broken" / "truth" / "rows.parquet").to_pylist()
        if row["kind"] in KINDS
    }
    assert set(listed.values()) == set(KINDS)
    for name in (name for name in whole if name.endswith(".csv")):
        pairs = zip(whole[name].splitlines(), broken[name].splitlines(), strict=True)
        changed = {line for line, (a, b) in enumerate(pairs, start=1) if a != b}
        assert changed == {line for file, line in listed if file == name}
        rows = list(csv.reader(broken[name].decode().splitlines()))
        wrong = {line for line, row in enumerate(rows, start=1) if len(row) != 22}
        assert wrong == {
            line
            for (file, line), kind in listed.items()
            if file == name and kind.startswith("too_")
        }


def test_a_failed_write_leaves_no_half_file(tmp_path: Path, monkeypatch) -> None:
    """When writing stops half-way, neither a part nor a truth that claims to be whole stays."""
    world = simulator.simulate(SMALL)

    def stop(name: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulator.write(world, tmp_path / "landing", tmp_path / "truth", stop)
    assert [path.name for path in (tmp_path / "landing").iterdir()] == [SMALL.file_name(0)]
    assert not (tmp_path / "truth" / "truth.json").exists()
    simulator.prepare(tmp_path / "landing", tmp_path / "truth", [])


def test_the_truth_stays_out_of_the_landing(tmp_path: Path) -> None:
    """A truth folder inside the landing is refused before anything is written."""
    world = simulator.simulate(SMALL)
    with pytest.raises(UsageFault, match="are not apart"):
        simulator.write(world, tmp_path / "landing", tmp_path / "landing" / "truth")
    assert not (tmp_path / "landing").exists()
