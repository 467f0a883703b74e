"""What the API answers: offers, the model, health, problems.

Offers are plain dataclasses: they are made by us, so checking them again would only cost time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field


@dataclass(slots=True)
class Reason:
    """Why an item is offered."""

    code: Annotated[str, Field(description="Kind of reason, for programs.")]
    text: Annotated[str, Field(description="The reason in the language that was asked for.")]
    evidence: Annotated[
        dict[str, Any], Field(description="The numbers behind it; keys depend on the code.")
    ]


@dataclass(slots=True)
class Offer:
    """One item to offer."""

    rank: Annotated[int, Field(description="1 is the best.")]
    item_seq: Annotated[int, Field(description="The hotel's number of the item.")]
    item_name: Annotated[str, Field(description="The hotel's name of the item.")]
    department_seq: Annotated[
        int | None, Field(description="The department that serves it, if known.")
    ]
    price: Annotated[int, Field(description="Its latest price in the hotel's money.")]
    score: Annotated[
        float, Field(description="What the list is sorted by; compare within one answer only.")
    ]
    reason: Reason


@dataclass(slots=True)
class Recommendations:
    """What to offer, best first."""

    request_id: Annotated[
        str, Field(description="Names this answer; the header X-Request-Id has it too.")
    ]
    model_version: Annotated[int, Field(description="The registry's version that answered.")]
    model_digest: Annotated[str, Field(description="SHA-256 over that version's files.")]
    source: Annotated[str, Field(description="What the list rests on: guest, context or hotel.")]
    fallback: Annotated[
        bool, Field(description="True when the guest's own past could not be used.")
    ]
    offers: list[Offer]


@dataclass(slots=True)
class BatchAnswer:
    """What one question of a batch got: an answer, or the problem with it."""

    status: Annotated[
        int, Field(description="What the question alone would have got: 200, 403 or 404.")
    ]
    answer: Recommendations | None = None
    problem: Problem | None = None


@dataclass(slots=True)
class Batch:
    """The answers of a batch, in the order of its questions."""

    request_id: str
    answers: list[BatchAnswer]


@dataclass(slots=True)
class Item:
    """One item that the model knows of a hotel."""

    item_seq: Annotated[int, Field(description="The hotel's number of the item.")]
    item_name: Annotated[str, Field(description="The hotel's name of the item.")]
    department_seq: Annotated[int | None, Field(description="The department that serves it.")]
    price: Annotated[int, Field(description="Its latest price in the hotel's money.")]
    offered: Annotated[
        bool, Field(description="Whether it may be offered now, by the menu and the hotel's rules.")
    ]


@dataclass(slots=True)
class Items:
    """A hotel's items, by number."""

    hotel_seq: int
    model_version: int
    model_digest: str
    items: list[Item]


class Accepted(BaseModel):
    """The events are on disk."""

    accepted: int = Field(description="How many.")


class Health(BaseModel):
    """The process runs."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """The model is loaded and has answered once."""

    status: Literal["ready"] = "ready"
    model_version: int
    model_digest: str
    slot: str | None = Field(None, description="Which of several processes this is, if so.")
    code: str | None = Field(None, description="Names the code that it runs, likewise.")


class Model(BaseModel):
    """The model that answers."""

    version: int = Field(description="Its version in the registry.")
    digest: str = Field(description="SHA-256 over its files.")
    name: str = Field(description="Kind of model.")
    as_of: date = Field(description="Nothing after this day was learned from.")
    created_at: datetime = Field(description="When it was registered, UTC.")
    hotel_count: int = Field(description="Hotels that it can answer for.")
    metrics: dict[str, float] = Field(description="What it reached on the holdout.")


class FieldError(BaseModel):
    """One thing that is wrong with a request."""

    field: str = Field(description="Path of the field, such as `party.adults` or `ordered[2]`.")
    message: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """Why a request was not answered (RFC 9457)."""

    type: str = Field(description="Kind of problem, for programs.")
    title: str = Field(description="Kind of problem, for people.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened and what to do.")
    request_id: str = Field(description="The request; the log has the same id.")
    errors: list[FieldError] = Field(description="Which fields are wrong, if that is why.")
