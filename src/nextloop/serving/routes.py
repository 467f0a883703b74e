"""The API's paths. Thin: each turns a checked request into one call and an answer.

In come requests, out go answers; every decision is the service's.
"""

from __future__ import annotations

import time

import orjson
from fastapi import FastAPI, Request, Response

from nextloop.headers import UNRULED_HEADER
from nextloop.recommender.dataset import UnknownHotel
from nextloop.serving.access import KEY_FAULTS, caller_of, other_hotel
from nextloop.serving.answers import FieldError, Health, Model, Readiness, Recommendations
from nextloop.serving.bodies import BODY_FAULTS, read
from nextloop.serving.identity import Identity
from nextloop.serving.instruments import Instruments
from nextloop.serving.model import LoadedModel
from nextloop.serving.openapi import REQUEST_EXAMPLES, json_body, problem_responses
from nextloop.serving.problems import NO_STORE, ProblemFault, request_id_of
from nextloop.serving.schemas import RecommendationRequest
from nextloop.serving.service import Service


def install(
    app: FastAPI, service: Service, instruments: Instruments, identity: Identity | None = None
) -> None:
    """Add the paths to an app.

    Args:
        app: The app.
        service: Answers the questions.
        instruments: Counts the answers.
        identity: Said when ready, where several processes take turns.
    """

    @app.post(
        "/v1/recommendations",
        tags=["recommendations"],
        summary="What to offer to a guest now",
        response_model=Recommendations,
        responses=problem_responses(
            *KEY_FAULTS, *BODY_FAULTS, other_hotel(), unknown_hotel(), not_ready()
        ),
        openapi_extra=json_body(RecommendationRequest, REQUEST_EXAMPLES),
    )
    async def recommend(request: Request) -> Response:
        """Rank the hotel's items for this guest, moment and stay, each with its reason.

        A guest whom the model does not know gets what suits the situation, and the answer says
        `fallback`. A hotel that it does not know is a 404.
        """
        question = await read(request, RecommendationRequest)
        caller = caller_of(request.scope)
        caller.check(question.hotel_seq)
        ruled = not (UNRULED_HEADER in request.headers and caller.may_ask_all)
        model = ready(service)
        started_at = time.perf_counter()
        try:
            answer = await service.recommend(
                model,
                question,
                request_id_of(request.scope),
                ruled=ruled,
                # What a release asks to compare versions is no guest's question.
                seen=instruments.seen if ruled else None,
            )
        except UnknownHotel as unknown:
            raise unknown_hotel() from unknown
        instruments.answered(answer, time.perf_counter() - started_at)
        return Response(orjson.dumps(answer), 200, NO_STORE, "application/json")

    @app.get(
        "/v1/model",
        tags=["model"],
        summary="The model that answers",
        responses=problem_responses(*KEY_FAULTS, not_ready()),
    )
    async def model() -> Model:
        """Name the model version, what it was trained on and what it reached on the holdout."""
        return _described(ready(service))

    _install_health(app, service, identity)


def _install_health(app: FastAPI, service: Service, identity: Identity | None) -> None:
    @app.get("/healthz", tags=["health"], summary="Whether the process runs")
    async def healthz() -> Health:
        """Answer as long as the process can; restart it when this fails."""
        return Health()

    @app.get(
        "/readyz",
        tags=["health"],
        summary="Whether the model is loaded",
        response_model_exclude_none=True,
        responses=problem_responses(not_ready()),
    )
    async def readyz() -> Readiness:
        """Answer 200 with the model's version and digest once it has answered a first question."""
        ref = ready(service).ref
        return Readiness(
            model_version=ref.version,
            model_digest=ref.digest,
            slot=identity.slot if identity else None,
            code=identity.code if identity else None,
        )


def ready(service: Service) -> LoadedModel:
    """Give the model; a problem of 503 while there is none."""
    model = service.slot.loaded
    if model is None:
        raise not_ready()
    return model


def _described(model: LoadedModel) -> Model:
    return Model(
        version=model.ref.version,
        digest=model.ref.digest,
        name=model.ref.model,
        as_of=model.ref.as_of,
        created_at=model.ref.created,
        hotel_count=len(model.bundle.hotels),
        metrics=dict(model.ref.metrics),
    )


def not_ready() -> ProblemFault:
    """Describe a question that comes before the model."""
    return ProblemFault(503, headers={"retry-after": "1"})


def unknown_hotel() -> ProblemFault:
    """Describe a question about a hotel that the model has never seen."""
    return ProblemFault(
        404,
        "unknown-hotel",
        "The model does not know this hotel. Train on its orders first, or check the number.",
        errors=[FieldError(field="hotel_seq", message="not in the model")],
    )
