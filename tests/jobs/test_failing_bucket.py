"""A bucket that fails in the middle of a run: one clean fault, and the next run makes it good."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from google.cloud.storage import retry
from tests.gcs.faults import Fault
from tests.gcs.stand_in import StandIn
from tests.lakes import Chain
from tests.order_files import row

from nextloop.errors import SystemFault
from nextloop.storage import gcs
from nextloop.tables import FEATURE_TABLES, ORDER_LINES, ORDERS, REJECTED_ROWS

# Google's client drops the connections of answers that it tries again.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

AS_OF: Final = "2017-12-31"
TABLES: Final = {"ingest": (ORDERS, ORDER_LINES, REJECTED_ROWS), "features": FEATURE_TABLES}
COMMIT: Final = r"log%2F\d+%2Ejson"
FOR_EVER: Final = 1_000_000


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Try again at once, and give up after a second what is given up after a minute."""
    monkeypatch.setattr(gcs, "RETRY_SECONDS", 1.0)
    soon = retry.DEFAULT_RETRY.with_delay(initial=0.02, maximum=0.1)
    monkeypatch.setattr(retry, "DEFAULT_RETRY", soon)
    yield
    gc.collect()  # while the warning is ignored


@pytest.fixture
def fresh(stand_in: StandIn, sail) -> Callable[[str], Chain]:
    """Make lakes that lack one run of a job: a second file, or its features."""

    def make(job: str) -> Chain:
        stand_in.clear()
        chain = Chain(stand_in.place(), sail)
        chain.put("a.csv", [row(1), row(2), "broken"])
        chain.ingest()
        chain.features(AS_OF)
        chain.put("b.csv", [row(2, status="CANCEL"), row(3)])
        if job == "features":
            chain.ingest()
        stand_in.clear()
        return chain

    return make


def run(chain: Chain, job: str) -> None:
    """Run a job."""
    if job == "ingest":
        chain.ingest()
    else:
        chain.features(AS_OF)


def tables(chain: Chain, job: str) -> list[object]:
    """What readers see of the job's tables."""
    return [chain.table(table).to_pylist() for table in TABLES[job]]


@pytest.mark.slow
@pytest.mark.parametrize("job", TABLES)
def test_commits_whose_answers_are_lost(stand_in, fresh, job):
    """A run of which every commit's answer is lost once ends well, and leaves nothing to do."""
    undisturbed = fresh(job)
    run(undisturbed, job)
    expected = tables(undisturbed, job)
    chain = fresh(job)
    # Behind each commit that is tried again comes the next table's first try.
    for after in range(9):
        stand_in.order(Fault("lost", method="PUT", path=COMMIT, after=after))
    run(chain, job)
    commits = [call for call in stand_in.calls() if re.search(COMMIT, call.target)]
    lost = [call.target for call in commits if call.fault]
    stand_in.clear()
    assert len(lost) >= 3
    assert lost == list(dict.fromkeys(call.target for call in commits if call.method == "PUT"))
    assert tables(chain, job) == expected
    after_it = chain.versions()
    assert (chain.ingest().rewound, chain.versions()) == ([], after_it)


@pytest.mark.slow
@pytest.mark.parametrize("job", TABLES)
def test_bucket_that_fails_for_good(stand_in, fresh, job):
    """Wherever a run is cut off, it says so in one line; what shows is whole; a rerun mends it."""
    chain = fresh(job)
    before = tables(chain, job)
    run(chain, job)
    expected, calls = tables(chain, job), len(stand_in.calls())
    for tenth in range(1, 10, 3):
        chain = fresh(job)
        after = calls * tenth // 10
        stand_in.order(Fault("lost" if tenth == 4 else "status", after=after, times=FOR_EVER))
        fault = fault_of(chain, job)
        stand_in.clear()
        seen = tables(chain, job)
        if fault is None:  # it was cut off behind its last commit, where it only tidies up
            assert seen == expected
        else:
            assert fault.hint
            assert "\n" not in fault.message + fault.hint
            states = zip(seen, before, expected, strict=True)
            assert all(found in (old, new) for found, old, new in states)
        run(chain, job)
        assert tables(chain, job) == expected


def fault_of(chain: Chain, job: str) -> SystemFault | None:
    """The fault in which a run ends, if it does."""
    try:
        run(chain, job)
    except SystemFault as fault:
        return fault
    return None
