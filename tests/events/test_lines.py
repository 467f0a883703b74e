"""Lines of the API's spool: whatever the API takes is read, as it was told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from nextloop.events.lines import judge
from nextloop.orders.rows import Source
from nextloop.serving.event_routes import _line
from nextloop.serving.schemas import EventsRequest
from nextloop.tables import EVENTS, REJECTED_ROWS

SOURCE = Source("events/a.jsonl", 1, "f" * 64)
RECEIVED = datetime(2017, 12, 25, 14, 0, 1, tzinfo=UTC)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)
SEQS = st.integers(0, 2**63 - 1)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TOLD = st.fixed_dictionaries(
    {
        "event_id": NAMES,
        "request_id": NAMES,
        "hotel_seq": SEQS,
        "item_seq": SEQS,
        "kind": st.sampled_from(["shown", "added", "ordered", "refused"]),
        "at": st.datetimes(
            datetime(1970, 1, 2),  # noqa: DTZ001 the zone is added
            datetime(2199, 12, 31, 23),  # noqa: DTZ001
            timezones=ZONES,
        ).map(datetime.isoformat),
    },
    optional={
        "rank": st.integers(1, 100),
        "quantity": st.integers(1, 10_000),
        "revenue": st.integers(0, 10**12),
        "model_version": st.integers(1, 2**63 - 1),
        "slot": NAMES,
    },
)


@given(TOLD)
def test_what_the_api_takes_is_read(told):
    """The bounds of both ends are the same, and no value changes on its way."""
    (event,) = EventsRequest.model_validate({"events": [told]}).events
    judged = judge(_line(event, RECEIVED), SOURCE)
    assert judged.rejected.to_pylist() == []
    (row,) = judged.good.to_pylist()
    optional = ("rank", "quantity", "revenue", "model_version", "slot")
    assert row == {
        **dict.fromkeys(optional),
        **told,
        "at": datetime.fromisoformat(told["at"]).astimezone(UTC),
        "received_at": RECEIVED,
        "received_date": RECEIVED.date(),
        "file_name": SOURCE.file_name,
        "file_sha256": SOURCE.file_sha256,
        "line_number": 1,
    }


@given(st.binary(max_size=200) | st.lists(st.binary(max_size=9)).map(b"\n".join))
def test_any_bytes_are_read_line_by_line(content):
    """Each line that is not blank is good or rejected, once, under its own number."""
    judged = judge(content, SOURCE)
    expected = [n for n, line in enumerate(content.split(b"\n"), 1) if line.strip()]
    numbers = [judged.good["line_number"], judged.rejected["line_number"]]
    assert sorted(n for found in numbers for n in found.to_pylist()) == expected
    assert judged.lines == len(expected) == sum(judged.reasons.values()) + judged.good.num_rows
    assert judged.good.schema == EVENTS.schema
    assert judged.rejected.schema == REJECTED_ROWS.schema


def test_line_that_is_far_too_long_is_rejected():
    """What no event can be is not even read."""
    judged = judge(b'{"event_id": "' + b"x" * 70_000 + b'"}\n', SOURCE)
    assert judged.reasons == {"event_not_json": 1}
    assert len(judged.rejected["raw"][0].as_py()) <= 2000
