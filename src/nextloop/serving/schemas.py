"""What a caller may send: the API's questions as types; the answers are in ``answers``.

In comes JSON, out go checked values. A field that is not listed here is refused, a number in
quotes is not a number, and a point in time is ISO 8601 text (a bare number would silently be
read as seconds since 1970).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from nextloop.events.fields import MAX_MONEY, MAX_QUANTITY, MAX_RANK, MAX_SEQ

MAX_OFFERS = MAX_RANK
MAX_ORDERED = 500
MAX_EXCLUDED = 1000
MAX_BATCH = 100
MAX_EVENTS = 500
_MAX_PARTY = 99
MAX_NIGHTS = 1000
# Years in which every zone's offset is known and no conversion can overflow.
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*", re.DOTALL)


def _date_text(value: Any) -> Any:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("not a date like 2017-12-24")
    return value


def _datetime_text(value: Any) -> Any:
    if not isinstance(value, str) or not _DATETIME.fullmatch(value):
        raise ValueError("not a time like 2017-12-24T08:30:00 or 2017-12-24T08:30:00+09:00")
    return value


def _in_range(value: datetime) -> datetime:
    years = [value.year]
    if value.tzinfo is not None and _FIRST_YEAR <= value.year <= _LAST_YEAR:
        years.append(value.astimezone(UTC).year)
    if not all(_FIRST_YEAR <= year <= _LAST_YEAR for year in years):
        raise ValueError(f"the year is not between {_FIRST_YEAR} and {_LAST_YEAR}")
    return value


Seq = Annotated[int, Field(strict=True, ge=0, le=MAX_SEQ)]
PartySize = Annotated[int, Field(strict=True, ge=0, le=_MAX_PARTY)]
Nights = Annotated[int, Field(strict=True, ge=0, le=MAX_NIGHTS)]
Day = Annotated[date, BeforeValidator(_date_text, json_schema_input_type=date)]
Instant = Annotated[
    datetime,
    BeforeValidator(_datetime_text, json_schema_input_type=datetime),
    AfterValidator(_in_range),
]
Language = Literal["ko", "en"]
EventKind = Literal["shown", "added", "ordered", "refused"]


def _with_offset(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("the offset is missing: 2017-12-24T08:30:00+09:00")
    return value


Offset = Annotated[Instant, AfterValidator(_with_offset)]


class Strict(BaseModel):
    """A part of a request: unknown fields are refused, values do not change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Stay(Strict):
    """When the guest came and goes: as dates, or as a day of the stay."""

    check_in: Day | None = Field(None, description="First day, in the hotel's calendar.")
    check_out: Day | None = Field(None, description="Last day; needs `check_in`.")
    day: Nights | None = Field(None, description="Instead of `check_in`: 0 on the first day.")
    nights: Nights | None = Field(None, description="Instead of `check_out`: length of the stay.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.check_in is not None and self.day is not None:
            raise ValueError("give check_in or day, not both")
        if self.check_out is not None and self.nights is not None:
            raise ValueError("give check_out or nights, not both")
        if self.check_out is not None and self.check_in is None:
            raise ValueError("check_out needs check_in")
        if self.check_in and self.check_out and self.check_out < self.check_in:
            raise ValueError("check_out is before check_in")
        return self


class Party(Strict):
    """Who stays in the room; leave out what is not known."""

    adults: PartySize | None = Field(None, description="Grown-up guests.")
    children: PartySize | None = Field(None, description="Children.")
    babies: PartySize | None = Field(None, description="Babies.")


class RecommendationRequest(Strict):
    """Ask what to offer to one guest of one hotel at one moment."""

    hotel_seq: Seq = Field(description="The hotel.")
    customer_seq: Seq | None = Field(
        None, description="The guest; leave out for a room whose guest is not known."
    )
    at: Instant | None = Field(
        None,
        description="The moment. Without an offset it is the hotel's local time; default: now.",
    )
    stay: Stay = Field(Stay(), description="The present stay.")
    party: Party = Field(Party(), description="Who stays in the room.")
    ordered: list[Seq] = Field(
        [], max_length=MAX_ORDERED, description="Items ordered in this stay so far, oldest first."
    )
    cart: list[Seq] = Field(
        [],
        max_length=MAX_OFFERS,
        description="Items in the order that is being made; what goes with them comes back.",
    )
    exclude: list[Seq] = Field(
        [], max_length=MAX_EXCLUDED, description="Items that must not come back (sold out, hidden)."
    )
    k: Annotated[int, Field(strict=True, ge=1, le=MAX_OFFERS)] = Field(
        10, description="How many offers at most."
    )
    language: Language = Field("en", description="Language of the reasons' text.")


class BatchRequest(Strict):
    """Ask for many guests at once, of one hotel or several."""

    requests: list[RecommendationRequest] = Field(
        min_length=1, max_length=MAX_BATCH, description="The questions; answers keep their order."
    )


class Event(Strict):
    """Something that happened to an offer, or to an item beside it."""

    event_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = Field(
        description="The caller's own id: an event that is sent again with it counts once."
    )
    request_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,66}$")] = Field(
        description="Of the answer that offered the item."
    )
    hotel_seq: Seq = Field(description="The hotel.")
    item_seq: Seq = Field(description="The item.")
    kind: EventKind = Field(description="What happened to it.")
    at: Offset = Field(description="When, with an offset from UTC.")
    rank: Annotated[int, Field(strict=True, ge=1, le=MAX_OFFERS)] | None = Field(
        None, description="Its rank in the answer."
    )
    quantity: Annotated[int, Field(strict=True, ge=1, le=MAX_QUANTITY)] | None = Field(
        None, description="How many were ordered."
    )
    revenue: Annotated[int, Field(strict=True, ge=0, le=MAX_MONEY)] | None = Field(
        None, description="What was paid for them, in the hotel's money."
    )
    model_version: Annotated[int, Field(strict=True, ge=1, le=MAX_SEQ)] | None = Field(
        None, description="As the answer named it: what results are told apart by."
    )
    slot: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = Field(
        None, description="The answer's header X-Nextloop-Slot, where it had one."
    )


class EventsRequest(Strict):
    """Tell what became of offers."""

    events: list[Event] = Field(
        min_length=1, max_length=MAX_EVENTS, description="Kept all or, with an error, none."
    )
