"""Which updates are news, and how refused files are named."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from nextloop_orchestration import announcements

FEATURES = {
    "as_of": "2026-11-15",
    "run_id": "r1",
    "made": True,
    "versions": {"interactions": 4},
    "rows": {"interactions": 9},
}


@pytest.mark.parametrize("announced", [None, "2026-11-08", "2026-11-15"])
def test_new_features_are_announced(announced):
    """The first ones, newer ones, and the same date made anew from other orders."""
    assert announcements.features_extra(FEATURES, announced) == {
        "as_of": "2026-11-15",
        "run_id": "r1",
        "versions": {"interactions": 4},
    }


def test_features_that_were_there_are_no_news():
    """A rerun that found nothing to do trains nothing."""
    with pytest.raises(AirflowSkipException, match="were there already"):
        announcements.features_extra({**FEATURES, "made": False}, None)


def test_an_earlier_weeks_features_are_no_news():
    """A training reads the newest date: a backfilled week changes nothing for it."""
    with pytest.raises(AirflowSkipException, match="as of 2026-11-22 are there"):
        announcements.features_extra(FEATURES, "2026-11-22")


def test_a_model_is_announced_with_its_versions():
    """Versions and what is staged, not the metrics."""
    report = {"as_of": "d", "best": "ranker", "versions": {"ranker": 4}, "staged": [4], "k": 10}
    assert announcements.model_extra(report) == {
        "as_of": "d",
        "best": "ranker",
        "versions": {"ranker": 4},
        "staged": [4],
    }


def test_refused_files_are_named_with_reason_and_advice():
    """The message says which file, why, and what to do."""
    refused = [{"file_name": "w46.csv", "reason": "no column hotel_seq", "mend": "Add it."}]
    with pytest.raises(AirflowFailException, match=r"w46.csv: no column hotel_seq. Add it."):
        announcements.refuse(refused)


def test_many_refused_files_are_counted():
    """Ten are named, the rest counted."""
    refused = [{"file_name": f"w{n}.csv", "reason": "empty", "mend": None} for n in range(13)]
    with pytest.raises(AirflowFailException, match=r"13 of the landing's files[\s\S]*and 3 more"):
        announcements.refuse(refused)


def test_nothing_refused_is_well():
    """No file, no failure."""
    announcements.refuse([])
