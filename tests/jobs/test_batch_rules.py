"""Batch rules: what is odd about a batch is told, or stops it, before anything of it shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

import pytest
from tests.lakes import Chain
from tests.order_files import row

from nextloop.errors import DataFault
from nextloop.jobs.ingest.rules import RULES, Batch
from nextloop.orders.file_report import FileReport
from nextloop.settings import BatchSettings
from nextloop.tables import ORDERS

MONDAY = dt.date(2017, 10, 2)
USUAL = BatchSettings()


def week(number: int) -> dt.date:
    """The Monday of a week, counted from 0 on."""
    return MONDAY + dt.timedelta(weeks=number)


def batch_of(
    rows: Mapping[int, int],
    before: Mapping[int, int] | None = None,
    hotels: Mapping[int, set[int]] | None = None,
) -> Batch:
    """A batch of one file with rows by week; what comes first comes new."""
    weeks = {week(number).isoformat(): count for number, count in rows.items()}
    file = FileReport("w.csv", 1, "ab", rows_in=sum(rows.values()), weeks=weeks)
    stored = {week(number): count for number, count in (before or {}).items()}
    added = {week(number): stored.get(week(number), 0) + n for number, n in rows.items()}
    found = {week(number): each for number, each in (hotels or {}).items()}

    def hotels_in(weeks: Collection[dt.date]) -> Mapping[dt.date, set[int]]:
        return {each: found[each] for each in weeks if each in found}

    return Batch([file], stored, stored | added, hotels_in)


def told(rule: str, batch: Batch, **settings: object) -> list[str]:
    """What a rule says of a batch."""
    return [message for message, _ in RULES[rule](batch, BatchSettings.model_validate(settings))]


HISTORY = dict.fromkeys(range(8), 1000)


@pytest.mark.parametrize(
    ("rows", "before", "words"),
    [
        ({8: 1000}, HISTORY, None),
        ({8: 500}, HISTORY, None),
        ({8: 499}, HISTORY, "499 orders, 0.50 times the median of 1,000 of 8 weeks"),
        ({8: 2000}, HISTORY, None),
        ({8: 2001}, HISTORY, "volume_high is 2"),
        # A correction brings few rows of a week that is there: the week is looked at whole.
        ({7: 3}, HISTORY, None),
        # A week of long ago is compared with the weeks before it, not with today's.
        ({2: 10}, HISTORY, None),
        ({20: 900}, {**HISTORY, **dict.fromkeys(range(16, 20), 1000), 21: 9, 22: 9}, None),
        ({20: 9}, {**HISTORY, **dict.fromkeys(range(16, 20), 1000), 21: 9, 22: 9}, "9 orders"),
        # Too little is known: nothing is said.
        ({3: 1}, {0: 1000, 1: 1000, 2: 1000}, None),
        ({4: 1}, dict.fromkeys(range(4), 1000), "1 orders"),
        # A first load is a batch like any other: its last week against those before it.
        (dict.fromkeys(range(10), 1000), {}, None),
        ({**dict.fromkeys(range(9), 1000), 9: 4000}, {}, "volume_high"),
        # An export on Tuesday has a week that has only begun; the one before it is judged.
        ({8: 860, 9: 140}, HISTORY, None),
        ({8: 300, 9: 20}, HISTORY, "the week of 2017-11-27 has 300 orders"),
        # Orders of the week before that came again do not make the newest look just begun.
        ({7: 20, 8: 100}, HISTORY, "the week of 2017-11-27 has 100 orders"),
        # One mistyped date is not the newest week.
        ({8: 1000, 400: 1}, HISTORY, None),
    ],
)
def test_volume(rows, before, words):
    """The newest week's orders against the median of the weeks before it."""
    found = told("volume", batch_of(rows, before))
    assert len(found) == (words is not None)
    assert words is None or words in found[0]


def test_volume_bounds_are_settings():
    """A site that knows better says so."""
    low = batch_of({8: 200}, HISTORY)
    assert told("volume", low)
    assert not told("volume", low, volume_low=0.1)
    assert not told("volume", batch_of({2: 1}, {0: 1000, 1: 1000}))
    assert told("volume", batch_of({2: 1}, {0: 1000, 1: 1000}), volume_weeks=2)


@pytest.mark.parametrize(
    ("hotels", "words"),
    [
        ({4: {1, 2}, 5: {1, 2}}, None),
        ({4: {1, 2}, 5: {1}}, "hotel 2 had orders in the weeks before, none in the week of"),
        # One that sends now and then is not missed; a new one is welcome.
        ({1: {1}, 2: {1}, 3: {1}, 4: {1, 2}, 5: {1, 3}}, None),
        ({1: {1}, 2: {1}, 3: {1, 2}, 4: {1, 2}, 5: {1}}, "hotel 2"),
        # Gone for longer than the weeks that are looked at: told often enough.
        ({0: {1, 2}, 1: {1}, 2: {1}, 3: {1}, 4: {1}, 5: {1}}, None),
        ({4: set(range(10)), 5: {0}}, "hotel 1, 2, 3, 4, 5 and 4 more"),
        ({5: {1}}, None),
    ],
)
def test_missing_hotel(hotels, words):
    """A hotel that usually has orders and has none in the newest week."""
    before = {number: 10 for number in hotels if number < 5}
    found = told("missing_hotel", batch_of({5: 10}, before, hotels))
    assert len(found) == (words is not None)
    assert words is None or words in found[0]


@pytest.mark.parametrize(
    ("rows", "before", "orders"),
    [
        ({8: 1000}, HISTORY, 0),
        ({8: 1000, 9: 3}, HISTORY, 0),
        ({8: 1000, 12: 3}, HISTORY, 0),
        ({8: 1000, 13: 3}, HISTORY, 3),
        ({8: 1000, 400: 1, 500: 1}, HISTORY, 2),
        ({8: 1000, 400: 1}, {}, 1),
        ({8: 1, 400: 1}, {}, 1),
        # After a pause a season goes on, in one batch or in two.
        ({20: 1000}, HISTORY, 0),
        ({**dict.fromkeys(range(10), 10), **dict.fromkeys(range(26, 31), 10)}, {}, 0),
        # All of a batch more than a year after everything: a wrong clock.
        ({100: 1000}, HISTORY, 1000),
        # Weeks that are filled in lie before others, and bring newer states of some.
        ({2: 1000, 7: 1}, {0: 9, 1: 9, **dict.fromkeys(range(5, 8), 9)}, 0),
        ({2: 1000, 9: 1}, {0: 9, 1: 9, **dict.fromkeys(range(5, 8), 9)}, 0),
        ({2: 1000, 60: 1}, {0: 9, 1: 9, **dict.fromkeys(range(5, 8), 9)}, 1),
        (dict.fromkeys(range(104), 100), {}, 0),
        ({}, HISTORY, 0),
    ],
)
def test_future_order(rows, before, orders):
    """Orders dated long after all the others, whatever day it is today."""
    found = list(RULES["future_order"](batch_of(rows, before), USUAL))
    assert [values["orders"] for _, values in found] == ([orders] if orders else [])


@pytest.mark.parametrize(("rejected", "is_odd"), [(0, False), (5, False), (6, True)])
def test_rejected_share(rejected, is_odd):
    """Each file by itself: one bad file among many good ones is found."""
    good = FileReport("good.csv", 1, "a", rows_in=10_000, staged=10_000)
    file = FileReport("w.csv", 1, "b", rows_in=100, staged=100 - rejected, rejected=rejected)
    batch = Batch([good, file], {}, {}, lambda _: {})
    assert bool(told("rejected", batch)) is is_odd
    if is_odd:
        assert told("rejected", batch) == [
            "w.csv: 6 of 100 rows are rejected (6.0%; batch.rejected_limit is 5.0%)"
        ]


def at(number: int, order: int, **changes: str) -> dict[str, str]:
    """A row that was ordered on the Monday of a week."""
    day = week(number).isoformat()
    times = {"reg_date": f"{day} 19:00:00", "check_date": "", "complete_date": ""}
    return row(order, **times, **changes)


def rows_of(number: int, count: int, **changes: str) -> list[dict[str, str] | str]:
    """That many rows of a week."""
    return [at(number, 1000 * number + order, **changes) for order in range(count)]


@pytest.fixture
def strict(tmp_path, sail):
    """A chain of which the rules stop what is odd, with six usual weeks of two hotels."""
    levels = dict.fromkeys((f"batch.{rule}" for rule in RULES), "stop")
    chain = Chain(tmp_path, sail, **levels)
    for number in range(6):
        chain.put(f"w{number}.csv", [*rows_of(number, 8), *rows_of(number, 4, hotel_seq="11")])
    assert chain.ingest().findings == []
    return chain


ODD = {
    "volume": ("w6.csv", [*rows_of(6, 1), *rows_of(6, 1, hotel_seq="11")], "2 orders, 0.17 times"),
    "missing_hotel": ("w6.csv", rows_of(6, 12), "hotel 11 had orders"),
    "future_order": (
        "w6.csv",
        [*rows_of(6, 8), *rows_of(6, 4, hotel_seq="11"), at(2000, 1)],
        "1 of 13 orders",
    ),
    "rejected": (
        "w6.csv",
        [*rows_of(6, 8), *rows_of(6, 4, hotel_seq="11"), "broken"],
        "w6.csv: 1 of 13 rows",
    ),
    "changed_file": ("w5.csv", rows_of(5, 8), "w5.csv came before with other bytes"),
}


@pytest.mark.parametrize("rule", ODD)
def test_stopped_batch_publishes_nothing_and_goes_on_by_its_setting(strict, tmp_path, sail, rule):
    """Nothing shows and nothing is left behind; the fault names the setting that lets it in."""
    name, rows, words = ODD[rule]
    strict.put(name, rows)
    versions = strict.versions()
    files = set(strict.root.rglob("*.parquet"))
    for _ in range(2):
        with pytest.raises(DataFault) as stopped:
            strict.ingest()
        assert words in stopped.value.message
        assert f"NEXTLOOP_BATCH__{rule.upper()}=warn" in stopped.value.hint
        assert strict.versions() == versions
        assert set(strict.root.rglob("*.parquet")) == files
    report = Chain(tmp_path, sail, **{f"batch.{rule}": "warn"}).ingest()
    assert [(found.rule, found.level) for found in report.findings] == [(rule, "warn")]
    assert [words in warning for warning in report.warnings] == [True]
    assert report.new_files == 1
    assert strict.ingest().new_files == 0


def test_correction_is_no_changed_file(strict):
    """A file of which rows were rejected may come again under its name, as the contract asks."""
    usual = [*rows_of(6, 8), *rows_of(6, 4, hotel_seq="11")]
    with pytest.raises(DataFault, match="rejected"):
        strict.take_in([*usual[:-1], "broken"], "w6.csv")
    lenient = Chain(strict.place, strict.sail, **{"batch.rejected": "warn"})
    assert lenient.ingest().rejected == 1
    report = strict.take_in(usual, "w6.csv")
    assert (report.new_files, report.findings) == (1, [])


@pytest.mark.parametrize("rule", ODD)
def test_rule_that_is_off_says_nothing(strict, tmp_path, sail, rule):
    """Each rule can be left out by itself."""
    name, rows, _ = ODD[rule]
    strict.put(name, rows)
    report = Chain(tmp_path, sail, **{f"batch.{each}": "off" for each in RULES}).ingest()
    assert (report.new_files, report.findings, report.warnings) == (1, [], [])


def test_weeks_filled_in_later_are_usual(strict, tmp_path, sail):
    """Backfilling in any order stops nothing: neither old weeks nor weeks far from the newest."""
    other = Chain(tmp_path / "other", sail, **dict.fromkeys((f"batch.{r}" for r in RULES), "stop"))
    for number in (5, 0, 3, 1, 4, 2):
        rows = [*rows_of(number, 8), *rows_of(number, 4, hotel_seq="11")]
        assert other.take_in(rows, f"w{number}.csv").findings == []
    assert other.table(ORDERS) == strict.table(ORDERS)


def test_corrected_file_of_few_rows_is_usual_but_for_its_name(strict):
    """A file of two rows of a full week makes that week neither small nor a hotel missing."""
    report = strict.take_in(
        [at(5, 5000, status="REFUSE"), at(5, 5001, status="REFUSE")], "w5_fixed.csv"
    )
    assert (report.findings, report.replaced) == ([], 2)


def test_findings_are_in_the_report_for_machines(tmp_path, sail):
    """Rule, level, words and numbers stand in the report."""
    chain = Chain(tmp_path, sail)
    report = chain.take_in([row(1), "broken"])
    (found,) = report.findings
    assert (found.rule, found.level) == ("rejected", "warn")
    assert found.values == {"file": "w.csv", "rejected": 1, "rows": 2}
    assert report.warnings == [f"{found.message} [batch.rejected]"]


def test_copies_of_a_batch_judge_alike(tmp_path, sail):
    """The same files give the same findings in another lake on another day."""

    def findings(name):
        chain = Chain(tmp_path / name, sail)
        for number in range(6):
            chain.put(f"w{number}.csv", rows_of(number, 8))
        chain.ingest()
        return chain.take_in([*rows_of(6, 1), *rows_of(6, 1, hotel_seq="11")], "w6.csv").findings

    one = findings("one")
    assert [found.rule for found in one] == ["volume"]
    assert findings("other") == one
