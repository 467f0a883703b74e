"""A bucket that refuses, stalls or breaks off: tried again, or one clean fault, nothing halved."""

from __future__ import annotations

import dataclasses
import gc
import itertools
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest
from google.cloud.storage import retry
from tests.gcs.faults import Fault
from tests.gcs.stand_in import StandIn
from tests.storage.conftest import MEALS, MONDAY, NEXT, meals, written

from nextloop.errors import SystemFault
from nextloop.storage import delta, files
from nextloop.storage import gcs as buckets
from nextloop.storage.lake import Lake, create_lake
from nextloop.storage.landing import list_landing

# Google's client drops the connections of answers that it tries again.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

BEFORE, AFTER = [1, 2, 3], [3, 9]
FOR_EVER: Final = 1_000_000
COMMIT: Final = r"00002(%2E|\.)json"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Try again at once, and give up after two seconds what is given up after a minute."""
    monkeypatch.setattr(buckets, "RETRY_SECONDS", 2.0)
    monkeypatch.setattr(buckets, "_TIMEOUT", (1.0, 1.0))
    soon = retry.DEFAULT_RETRY.with_delay(initial=0.02, maximum=0.1)
    monkeypatch.setattr(retry, "DEFAULT_RETRY", soon)
    yield
    gc.collect()  # while the warning is ignored


@pytest.fixture
def fresh(stand_in: StandIn) -> Callable[[], Lake]:
    """Make lakes with a week that the run replaces and one that it leaves."""

    def make() -> Lake:
        stand_in.clear()
        lake = create_lake(f"{stand_in.place()}/lake", "0" * 16)
        base = delta.create(lake, MEALS)
        rows = written(lake, "a", meals(MONDAY, 1, 2), meals(NEXT, 3))
        delta.publish(lake, MEALS, rows, "a", base)
        stand_in.clear()
        return lake

    return make


def run(lake: Lake) -> None:
    """What a run does to a table: write its files, then publish them."""
    delta.publish(lake, MEALS, written(lake, "b", meals(MONDAY, 9)), "b", 1)


def numbers(lake: Lake) -> list[int]:
    """The numbers of all meals."""
    return sorted(delta.read(lake, MEALS)["meal"].to_pylist())


def fault_of(what: Callable[[Lake], object], lake: Lake) -> SystemFault | None:
    """The fault in which something ends, if it does."""
    try:
        what(lake)
    except SystemFault as fault:
        return fault
    return None


def one_line(fault: SystemFault | None) -> str:
    """What the fault says, which is one line with advice."""
    assert fault is not None
    assert fault.hint
    assert "\n" not in fault.message + fault.hint
    return fault.message


PASSING: Final = {
    "two 503": Fault("status", times=2, status=503),
    "two 429": Fault("status", times=2, status=429, headers={"Retry-After": "0"}),
    "a 500": Fault("status", status=500),
    "a lost answer": Fault("lost"),
}


@pytest.mark.parametrize("trouble", PASSING)
def test_trouble_that_passes_is_not_noticed(stand_in, fresh, trouble):
    """Whichever request of a run it meets, that is tried again, and the run is published once."""
    for after in itertools.count():
        lake = fresh()
        stand_in.order(dataclasses.replace(PASSING[trouble], after=after))
        run(lake)
        met = [call for call in stand_in.calls() if call.fault]
        stand_in.clear()
        assert numbers(lake) == AFTER
        assert delta.version(lake, MEALS) == 2
        if not met:
            break
    assert after > 5


def test_refused_account_is_told_wherever_it_is_refused(stand_in, fresh):
    """Whichever request is refused first, the fault is one line, and the table whole."""
    for after in itertools.count():
        lake = fresh()
        stand_in.order(Fault("status", after=after, times=FOR_EVER, status=403))
        fault = fault_of(run, lake)
        met = [call for call in stand_in.calls() if call.fault]
        stand_in.clear()
        assert numbers(lake) in (BEFORE, AFTER)
        if not met:
            break
        # A look after the commit may be refused and not needed.
        assert fault is None or re.search("this account", one_line(fault))
    assert after > 5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("status", "upload"),
        ("lost", "_delta_log"),
        ("cut", "_delta_log"),
        ("status", COMMIT),
        ("lost", COMMIT),
    ],
    ids=["data refused", "log lost", "log cut", "commit refused", "commit lost"],
)
def test_bucket_that_fails_for_good(stand_in, fresh, kind, path):
    """The run ends in one fault, the table is as before or after it, and the next run does it."""
    lake = fresh()
    stand_in.order(Fault(kind, path=path, times=FOR_EVER))
    assert lake.root in one_line(fault_of(run, lake))
    stand_in.clear()
    assert numbers(lake) in (BEFORE, AFTER)
    delta.publish(
        lake, MEALS, written(lake, "c", meals(MONDAY, 9)), "c", delta.version(lake, MEALS)
    )
    assert numbers(lake) == AFTER


def test_commit_whose_answer_was_lost_is_known_again(stand_in, fresh):
    """The second try finds its own commit there and does not take it for another run's."""
    lake = fresh()
    stand_in.order(Fault("lost", method="PUT", path=COMMIT))
    run(lake)
    assert [call.status for call in stand_in.calls() if call.method == "PUT"][-1] == 412
    assert (numbers(lake), delta.version(lake, MEALS)) == (AFTER, 2)


def test_commit_that_another_run_made_is_not_taken_for_ours(stand_in, fresh):
    """A run whose commit was held up until another one's was done changes nothing."""
    lake = fresh()
    stand_in.order(Fault("stall", method="PUT", path=COMMIT, seconds=60))
    with ThreadPoolExecutor(1) as beside:
        ours = beside.submit(run, lake)
        stand_in.wait_for_fault()
        delta.publish(lake, MEALS, written(lake, "theirs", meals(MONDAY, 4)), "theirs", 1)
        stand_in.let_go()
        with pytest.raises(delta.Overtaken):
            ours.result()
    assert (numbers(lake), delta.version(lake, MEALS)) == ([3, 4], 2)


def test_bucket_that_never_answers(stand_in, fresh):
    """Waiting has an end."""
    lake = fresh()
    stand_in.order(Fault("stall", path="upload", times=FOR_EVER, seconds=60))
    with pytest.raises(SystemFault, match="did not answer"):
        run(lake)
    stand_in.clear()
    assert numbers(lake) == BEFORE


def test_bucket_that_is_slow_is_waited_for(stand_in, fresh):
    """A pause shorter than the patience is no fault."""
    lake = fresh()
    stand_in.order(Fault("stall", times=3, seconds=0.3))
    run(lake)
    assert numbers(lake) == AFTER


READING: Final[dict[str, Callable[[Lake], object]]] = {
    "listing": lambda lake: list_landing(f"{lake.root}/landing"),
    "a file": lambda lake: files.read_bytes(f"{lake.root}/nextloop-lake.json"),
    "a table": numbers,
    "its versions": lambda lake: delta.history(lake, MEALS),
    "a lake": lambda lake: create_lake(f"{lake.root}-2", "0" * 16),
    "whether it is there": lambda lake: files.exists(f"{lake.root}/x"),
}


@pytest.mark.parametrize("what", READING)
@pytest.mark.parametrize("status", [403, 503])
def test_looking_at_a_bucket_that_fails(stand_in, fresh, what, status):
    """Whatever is looked at, the fault says in one line that the bucket does not answer."""
    lake = fresh()
    stand_in.order(Fault("status", times=FOR_EVER, status=status))
    assert lake.root in one_line(fault_of(READING[what], lake))


def test_download_that_breaks_off_goes_on(stand_in, fresh):
    """Of a file whose connection breaks, only the rest is asked for again; its bytes are right."""
    data = bytes(range(256)) * 8_000
    lake = fresh()
    with files.open_output(f"{lake.root}/file") as stream:
        stream.write(data)
    stand_in.clear()
    stand_in.order(Fault("cut", method="GET", path="alt=media", size=1_500_000))
    with files.open_input(f"{lake.root}/file") as stream:
        assert stream.read() == data
    sent = sum(call.sent for call in stand_in.calls())
    assert sent < 1.5 * len(data)


def test_upload_that_breaks_off_is_sent_anew(stand_in, fresh):
    """An object shows once it is whole."""
    lake = fresh()
    stand_in.order(Fault("cut_upload", method="P.*", path="upload", size=500_000, times=2))
    with files.open_output(f"{lake.root}/file") as stream:
        stream.write(b"x" * 2_000_000)
    assert len(files.read_bytes(f"{lake.root}/file")) == 2_000_000
