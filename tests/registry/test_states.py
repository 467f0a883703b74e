"""What the ledger's changes add up to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextloop.errors import DataFault
from nextloop.registry import admission, changes, gate, states
from nextloop.registry.ledger import Entry
from nextloop.registry.versions import ModelRef

NOON = datetime(2018, 1, 1, 12, tzinfo=UTC)


def ref(version, model="ranker", training="t", **metrics):
    """Make a version."""
    return ModelRef(
        version=version,
        model=model,
        digest=f"{version:064d}",
        bundle_folder=Path("not looked at"),
        place=f"models/m-{version}",
        created=NOON,
        as_of=date(2018, 1, 1),
        training=training,
        run="r",
        metrics=metrics,
    )


def record(entries, decided):
    """Add decided changes as the ledger does."""
    return (
        *entries,
        *(
            Entry(**vars(change), sequence=number, at=NOON)
            for number, change in enumerate(decided, len(entries) + 1)
        ),
    )


def promoted(*versions):
    """A ledger in which these were promoted one after the other."""
    entries: tuple[Entry, ...] = ()
    for version in versions:
        entries = record(entries, changes.promotion(entries, ref(version), "kim", "더 낫다"))
    return entries


def rolled_back(entries):
    """The same after one rollback."""
    to = admission.rollback_target(entries, None)
    return record(entries, changes.rolling_back(entries, to, "kim", "아침 메뉴가 이상하다"))


def test_a_promotion_archives_what_was_there():
    """Both rows are one decision; the second says why."""
    entries = promoted(3, 4)
    assert [(e.sequence, e.action, e.version, e.previous_version) for e in entries] == [
        (1, "promote", 3, None),
        (2, "promote", 4, 3),
        (3, "archive", 3, None),
    ]
    assert states.states(entries) == {3: "archived", 4: "production"}
    assert entries[2].reason == "promote of version 4: 더 낫다"
    assert changes.promotion(entries, ref(4), "kim", "again") == []


def test_rolling_back_twice_goes_back_twice():
    """The second rollback goes further back and not forth to what was just taken away."""
    entries = promoted(1, 2, 3)
    assert states.predecessors(entries) == [2, 1]
    entries = rolled_back(entries)
    assert states.states(entries) == {1: "archived", 2: "production", 3: "archived"}
    entries = rolled_back(entries)
    assert states.states(entries) == {1: "production", 2: "archived", 3: "archived"}
    with pytest.raises(DataFault, match="no earlier version"):
        rolled_back(entries)


def test_two_people_do_not_roll_back_twice():
    """What was decided on one production version is not done to another one."""
    entries = promoted(1, 2, 3)
    admission.check_unmoved(entries, entries)
    with pytest.raises(DataFault, match="Version 2 was put into production meanwhile"):
        admission.check_unmoved(entries, rolled_back(entries))


def test_a_version_that_was_rolled_back_is_passed_over():
    """After 1, 2, 3, a rollback and 4, the way back goes to 2 and not to 3."""
    entries = rolled_back(promoted(1, 2, 3))
    entries = record(entries, changes.promotion(entries, ref(4), "kim", "새 모델"))
    assert states.predecessors(entries) == [2, 1]


def test_staging_follows_the_newest_training():
    """What was staged before leaves; what is or was in production stays as it is."""
    entries = record(promoted(1, 2), changes.staging((), [ref(3), ref(4)], "kim", "best"))
    assert states.states(entries) == {
        1: "archived", 2: "production", 3: "staging", 4: "staging",
    }  # fmt: skip
    decided = changes.staging(entries, [ref(4), ref(5), ref(2), ref(1)], "kim", "best")
    assert [(c.action, c.version) for c in decided] == [("unstage", 3), ("stage", 5)]
    entries = record(entries, decided)
    assert changes.staging(entries, [ref(4), ref(5), ref(2), ref(1)], "kim", "best") == []


@given(st.lists(st.tuples(st.sampled_from(["promote", "rollback", "stage"]), st.integers(1, 5))))
def test_never_more_than_one_is_in_production(wishes):
    """Whatever is wished in whatever order, one version at most is in production."""
    entries: tuple[Entry, ...] = ()
    for wish, version in wishes:
        if wish == "promote":
            decided = changes.promotion(entries, ref(version), "kim", "x")
        elif wish == "stage":
            decided = changes.staging(entries, [ref(version)], "kim", "x")
        elif before := states.predecessors(entries):
            decided = changes.rolling_back(entries, before[0], "kim", "x")
        else:
            continue
        entries = record(entries, decided)
        held = [v for v, state in states.states(entries).items() if state == "production"]
        ever = {e.version for e in entries if e.action in {"promote", "rollback"}}
        assert len(held) == bool(ever)
        assert not set(held) & set(states.predecessors(entries))
        assert set(states.predecessors(entries)) <= ever
        assert [e.sequence for e in entries] == list(range(1, len(entries) + 1))


VERSIONS = [
    ref(1, "popularity", ndcg_at_10=0.30),
    ref(2, ndcg_at_10=0.30),
    ref(3, ndcg_at_10=0.2999),
    ref(4, ndcg_at_10=0.35),
    ref(5),
    ref(6, training="other", ndcg_at_10=0.9),
]


@pytest.mark.parametrize(
    ("version", "margin", "passed", "why"),
    [
        (1, 0.0, True, "popularity itself"),
        (2, 0.0, True, "0.3000, popularity 0.3000"),
        (2, 0.01, False, "margin 0.01"),
        (3, 0.0, False, "0.2999, popularity 0.3000"),
        (4, 0.05, True, "0.3500, popularity 0.3000"),
        (5, 0.0, False, "did not measure ndcg_at_10"),
        (6, 0.0, False, "no popularity to compare with"),
    ],
)
def test_the_gate_holds_a_version_against_popularity(version, margin, passed, why):
    """As good as its own training's popularity and the margin passes; the reason has both."""
    verdict = gate.judge(VERSIONS[version - 1], VERSIONS, "ndcg_at_10", margin)
    assert verdict.passed is passed
    assert why in verdict.reason


def test_the_best_is_chosen_on_the_days_before_the_holdout():
    """The validation ranks, or the holdout where there was none; equal ones by version."""
    versions = [
        ref(1, ndcg_at_10=0.9, validation_ndcg_at_10=0.1),
        ref(2, ndcg_at_10=0.2),
        ref(3, ndcg_at_10=0.1, validation_ndcg_at_10=0.3),
        ref(4, ndcg_at_10=0.2),
        ref(5),
    ]
    assert [r.version for r in gate.best(versions, "ndcg_at_10")] == [3, 2, 4, 1, 5]
