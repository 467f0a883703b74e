"""The API's description: examples of requests and of every error that a route can answer.

In comes the app with its routes, out goes an OpenAPI document in which each 4xx and 5xx is
problem+json.
"""

from __future__ import annotations

from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from nextloop.serving.access import KEY_HEADER, OPEN_PATHS
from nextloop.serving.answers import Problem
from nextloop.serving.problems import MEDIA_TYPE, ProblemFault, describe
from nextloop.serving.schemas import BatchRequest, EventsRequest, RecommendationRequest

_REF = "#/components/schemas/{model}"
# Schemas that FastAPI does not see: bodies that routes read by themselves, and problems.
_OWN: list[tuple[type[BaseModel], Literal["validation"]]] = [
    (RecommendationRequest, "validation"),
    (BatchRequest, "validation"),
    (EventsRequest, "validation"),
    (Problem, "validation"),
]

REQUEST_EXAMPLES: dict[str, Any] = {
    "regular": {
        "summary": "A guest who has been here before",
        "value": {
            "hotel_seq": 1,
            "customer_seq": 1001,
            "at": "2017-12-24T19:30:00",
            "stay": {"check_in": "2017-12-23", "check_out": "2017-12-26"},
            "party": {"adults": 2, "children": 0, "babies": 0},
            "ordered": [101],
            "k": 3,
            "language": "ko",
        },
    },
    "anonymous": {
        "summary": "A room whose guest is not known, late in the evening",
        "value": {"hotel_seq": 1, "at": "2017-12-24T23:05:00+09:00", "k": 5},
    },
}

BATCH_EXAMPLES: dict[str, Any] = {
    "two": {
        "summary": "Two guests of a hotel",
        "value": {"requests": [{"hotel_seq": 1, "customer_seq": 1001}, {"hotel_seq": 1, "k": 3}]},
    }
}
EVENTS_EXAMPLES: dict[str, Any] = {
    "ordered": {
        "summary": "An offer was ordered",
        "value": {
            "events": [
                {
                    "event_id": "5b0e9a5a1f0d3c2b",
                    "request_id": "9f6c0c0ae7d94d6f8a56f0c3ad0a8a52",
                    "hotel_seq": 1,
                    "item_seq": 103,
                    "kind": "ordered",
                    "at": "2017-12-24T19:32:10+09:00",
                    "rank": 1,
                    "quantity": 2,
                    "revenue": 16000,
                    "model_version": 4,
                }
            ]
        },
    }
}
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": KEY_HEADER},
}


def problem_responses(*faults: ProblemFault) -> dict[int | str, dict[str, Any]]:
    """Describe the errors of a route.

    Args:
        faults: What it can answer beside its success; 500 goes without saying.

    Returns:
        FastAPI's ``responses``.
    """
    return {fault.status: _response(fault) for fault in (*faults, ProblemFault(500))}


def json_body(schema: type[BaseModel], examples: dict[str, Any]) -> dict[str, Any]:
    """Describe a JSON body that the route reads by itself.

    Args:
        schema: What the body must be.
        examples: OpenAPI examples by name.

    Returns:
        FastAPI's ``openapi_extra``; `install` adds the schema.
    """
    content = {"schema": {"$ref": _REF.format(model=schema.__name__)}, "examples": examples}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def install(app: FastAPI) -> None:
    """Make the app describe itself with the problem types among its schemas.

    Args:
        app: The app with all its routes.
    """

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, summary=app.summary, routes=app.routes
            )
            _, found = models_json_schema(_OWN, ref_template=_REF)
            schema.setdefault("components", {}).setdefault("schemas", {}).update(found["$defs"])
            schema["components"]["securitySchemes"] = _SECURITY
            _close(schema["paths"])
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _close(paths: dict[str, Any]) -> None:
    """Say of each path that is not open that it takes a key, in one of two headers."""
    for path, methods in paths.items():
        for operation in methods.values():
            open_to_all = path in OPEN_PATHS
            operation["security"] = [] if open_to_all else [{one: []} for one in _SECURITY]


def _response(fault: ProblemFault) -> dict[str, Any]:
    example = describe(fault, "4f1c2f6e0b5d4b0e9a5a1f0d3c2b1a09")
    return {
        "description": example.title,
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": _REF.format(model="Problem")},
                "example": example.model_dump(),
            }
        },
    }
