"""Paths that answer about many at once: a batch of questions, a hotel's items.

In come requests, out go answers; every decision is the service's.
"""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import orjson
from fastapi import FastAPI, Path, Request, Response

from nextloop.events.fields import MAX_SEQ
from nextloop.recommender.dataset import UnknownHotel
from nextloop.serving.access import KEY_FAULTS, Caller, caller_of, other_hotel
from nextloop.serving.answers import Batch, BatchAnswer, Items
from nextloop.serving.bodies import BODY_FAULTS, read
from nextloop.serving.gathering import MOST
from nextloop.serving.instruments import Instruments
from nextloop.serving.model import LoadedModel
from nextloop.serving.openapi import BATCH_EXAMPLES, json_body, problem_responses
from nextloop.serving.problems import NO_STORE, ProblemFault, describe, request_id_of
from nextloop.serving.routes import not_ready, ready, unknown_hotel
from nextloop.serving.schemas import BatchRequest, RecommendationRequest
from nextloop.serving.service import Service

BATCH_PATH = "/v1/recommendations:batch"
_SIDE_BY_SIDE = MOST // 2  # lets single questions in between: they wait for these, not for 100


def install(app: FastAPI, service: Service, instruments: Instruments) -> None:
    """Add the paths to an app.

    Args:
        app: The app.
        service: Answers the questions.
        instruments: Counts the answers.
    """
    _install_batch(app, service, instruments)
    _install_items(app, service)


def _install_batch(app: FastAPI, service: Service, instruments: Instruments) -> None:
    async def answered(
        model: LoadedModel, caller: Caller, question: RecommendationRequest, request_id: str
    ) -> BatchAnswer:
        started_at = time.perf_counter()
        try:
            caller.check(question.hotel_seq)
            answer = await service.recommend(model, question, request_id, seen=instruments.seen)
        except UnknownHotel:
            return _refused(unknown_hotel(), request_id)
        except ProblemFault as fault:
            return _refused(fault, request_id)
        instruments.answered(answer, time.perf_counter() - started_at)
        return BatchAnswer(200, answer)

    @app.post(
        BATCH_PATH,
        tags=["recommendations"],
        summary="What to offer to many guests now",
        response_model=Batch,
        responses=problem_responses(*KEY_FAULTS, *BODY_FAULTS, not_ready()),
        openapi_extra=json_body(BatchRequest, BATCH_EXAMPLES),
    )
    async def recommend_many(request: Request) -> Response:
        """Answer each question as it would be answered alone, in the same order.

        One that cannot be answered has its problem in its place; the others are answered. All
        are answered by one model version.
        """
        batch = await read(request, BatchRequest)
        model, caller = ready(service), caller_of(request.scope)
        caller.charge(len(batch.requests) - 1)
        request_id = request_id_of(request.scope)
        asked = [
            (question, f"{request_id}-{place}") for place, question in enumerate(batch.requests)
        ]
        answers: list[BatchAnswer] = []
        for first in range(0, len(asked), _SIDE_BY_SIDE):
            some = asked[first : first + _SIDE_BY_SIDE]
            answers += await asyncio.gather(*(answered(model, caller, *one) for one in some))
        return _json(Batch(request_id, answers))


def _install_items(app: FastAPI, service: Service) -> None:
    @app.get(
        "/v1/hotels/{hotel_seq}/items",
        tags=["hotels"],
        summary="A hotel's items",
        response_model=Items,
        responses=problem_responses(
            *KEY_FAULTS, other_hotel(), unknown_hotel(), ProblemFault(422), not_ready()
        ),
    )
    async def items(
        request: Request, hotel_seq: Annotated[int, Path(ge=0, le=MAX_SEQ)]
    ) -> Response:
        """List all items that the model knows of the hotel, and which may be offered now."""
        caller_of(request.scope).check(hotel_seq)
        try:
            return _json(service.items(ready(service), hotel_seq))
        except UnknownHotel:
            raise unknown_hotel() from None


def _refused(fault: ProblemFault, request_id: str) -> BatchAnswer:
    return BatchAnswer(fault.status, problem=describe(fault, request_id))


def _json(answer: Batch | Items) -> Response:
    body = orjson.dumps(answer, default=lambda problem: problem.model_dump())
    return Response(body, 200, NO_STORE, "application/json")
