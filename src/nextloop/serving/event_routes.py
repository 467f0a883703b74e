"""`POST /v1/events`: callers tell what became of offers.

In come events, out goes an acknowledgement once they are on disk. No guest is in them: an event
is joined to its answer, and the hotel's orders, by `request_id`.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import orjson
from fastapi import FastAPI, Request, Response

from nextloop.serving.access import KEY_FAULTS, caller_of, other_hotel
from nextloop.serving.answers import Accepted, FieldError
from nextloop.serving.bodies import BODY_FAULTS, read
from nextloop.serving.instruments import Instruments
from nextloop.serving.openapi import EVENTS_EXAMPLES, json_body, problem_responses
from nextloop.serving.problems import NO_STORE, ProblemFault
from nextloop.serving.schemas import Event, EventsRequest
from nextloop.serving.spool import Spool, SpoolFault

EVENTS_PATH = "/v1/events"
_CLOCKS_DIFFER = timedelta(days=1)


def install(app: FastAPI, spool: Spool, instruments: Instruments) -> None:
    """Add the path to an app.

    Args:
        app: The app.
        spool: Keeps the events.
        instruments: Counts them.
    """

    @app.post(
        EVENTS_PATH,
        status_code=202,
        tags=["events"],
        summary="What became of offers",
        responses=problem_responses(*KEY_FAULTS, *BODY_FAULTS, other_hotel(), _not_kept()),
        openapi_extra=json_body(EventsRequest, EVENTS_EXAMPLES),
    )
    async def events(request: Request) -> Accepted:
        """Keep what was shown, added, ordered or refused.

        The answer comes when all of it is on disk. Without an answer, send the same again: an
        `event_id` that comes twice counts once.
        """
        told = await read(request, EventsRequest)
        caller = caller_of(request.scope)
        for event in told.events:
            caller.check(event.hotel_seq)
        received_at = datetime.now(UTC)
        _refuse_the_future(told, received_at)
        try:
            await spool.add(b"".join(_line(event, received_at) for event in told.events))
        except SpoolFault:
            raise _not_kept() from None
        for kind, count in Counter(event.kind for event in told.events).items():
            instruments.told(kind, count)
        body = orjson.dumps({"accepted": len(told.events)})
        return Response(body, 202, NO_STORE, "application/json")  # type: ignore[return-value]


def _refuse_the_future(told: EventsRequest, now: datetime) -> None:
    """A clock may be a day wrong; what is later than that would bend every report by day."""
    wrong = [
        FieldError(field=f"events[{place}].at", message="more than a day in the future")
        for place, event in enumerate(told.events)
        if event.at - now > _CLOCKS_DIFFER
    ]
    if wrong:
        raise ProblemFault(422, errors=wrong)


def _line(event: Event, received_at: datetime) -> bytes:
    told = event.model_dump(exclude_none=True) | {
        "at": event.at.astimezone(UTC),
        "received_at": received_at,
    }
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


def _not_kept() -> ProblemFault:
    return ProblemFault(
        503,
        "events-not-kept",
        "The events could not be put on disk. Send them again.",
        headers={"retry-after": "5"},
    )
