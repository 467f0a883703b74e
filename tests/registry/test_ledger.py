"""The ledger of a lake in a bucket: what happens when the answer to its commit is lost."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime

import pytest
from tests.gcs.faults import Fault

from nextloop.registry import ledger
from nextloop.registry.ledger import Change
from nextloop.storage.lake import create_lake

CHANGE = Change(
    action="promote",
    version=4,
    model="ranker",
    digest="a" * 64,
    place="models/m-1/artifacts/artifacts/bundle",
    created_at=datetime(2017, 12, 25, 3, 4, 5, 678_000, UTC),
    as_of_date=date(2017, 12, 25),
    metrics='{"ndcg_at_10": 0.41}',
    by="누군가",
    reason="더 낫다",
)


@pytest.fixture
def lake(stand_in):
    """A lake in a bucket, with a ledger that has no changes yet."""
    made = create_lake(f"{stand_in.place()}/lake", "0" * 16)
    seen = ledger.read(made)
    ledger.append(seen, [CHANGE])
    stand_in.clear()
    return made


def other(version):
    return dataclasses.replace(CHANGE, version=version, previous_version=4)


def test_a_commit_whose_answer_is_lost_counts(stand_in, lake):
    """The rows are there once, and the caller is not told that somebody else was quicker."""
    seen = ledger.read(lake)
    commit = r"0002(%2E|\.)json"
    stand_in.order(Fault("lost", method="PUT", path=commit))
    ledger.append(seen, [other(2), other(1)])
    stand_in.wait_for_fault()
    assert [(e.sequence, e.version) for e in ledger.read(lake).entries] == [(1, 4), (2, 2), (3, 1)]


def test_anothers_commit_is_not_taken_for_ones_own(stand_in, lake):
    """Where the answer is lost and somebody else's rows are there, the ledger has moved."""
    seen = ledger.read(lake)
    ledger.append(seen, [other(2)])
    with pytest.raises(ledger.LedgerMoved):
        ledger.append(seen, [other(2)])
    assert [e.version for e in ledger.read(lake).entries] == [4, 2]
