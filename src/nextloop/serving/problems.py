"""Every error answer is problem+json: one shape for validation, routing, size and faults.

In come exceptions, out go answers that name what is wrong and what to do. No value that a caller
sent is echoed, since it may be a guest's number.

Source: RFC 9457.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from nextloop.serving.answers import FieldError, Problem

MEDIA_TYPE = "application/problem+json"
_TYPE_PREFIX = "urn:nextloop:problem:"
NO_STORE = {"cache-control": "no-store"}

# Kind and advice by status. Not the standard library's phrases: those change between Pythons.
_KINDS = {
    400: ("unreadable-body", "The body could not be read. Send JSON in UTF-8."),
    401: (
        "key-needed",
        "Send a good key in `Authorization: Bearer` or `X-Api-Key`; `nextloop keys add` makes one.",
    ),
    403: ("other-hotel", "This key is not for that hotel."),
    404: ("not-found", "There is nothing here. GET /openapi.json lists what there is."),
    405: ("method-not-allowed", "Use one of the methods that the header Allow lists."),
    413: ("body-too-large", "Send less in one request."),
    415: ("not-json", "Send the body as JSON with the header `Content-Type: application/json`."),
    422: ("wrong-fields", "`errors` names the fields that are wrong."),
    429: (
        "too-many-requests",
        "This key sends more than it may; `Retry-After` says when to go on.",
    ),
    500: ("internal-error", "Something broke on our side; the log has it under this request_id."),
    503: ("model-not-ready", "The model is not loaded yet. Try again in a moment."),
}
_OTHER_KIND = ("refused", "The request was refused.")


class ProblemFault(Exception):
    """Stops a request with a problem.

    Args:
        status: HTTP status, 4xx or 5xx.
        kind: Kebab-case name of the kind of problem; the status's usual one if left out.
        detail: What happened and what to do; the status's usual advice if left out.
        errors: The fields that are wrong.
        headers: Extra headers.
    """

    def __init__(
        self,
        status: int,
        kind: str = "",
        detail: str = "",
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(kind or status)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})


def answer(fault: ProblemFault, request_id: str) -> Response:
    """Write a problem down.

    Args:
        fault: What happened.
        request_id: The request that it happened to.

    Returns:
        The response, never to be cached.
    """
    body = describe(fault, request_id).model_dump_json()
    return Response(body, fault.status, fault.headers | NO_STORE, MEDIA_TYPE)


def describe(fault: ProblemFault, request_id: str) -> Problem:
    """Put a problem into the words of its kind.

    Args:
        fault: What happened.
        request_id: The request that it happened to.

    Returns:
        The body of the answer.
    """
    usual_kind, usual_detail = _KINDS.get(fault.status, _OTHER_KIND)
    kind = fault.kind or usual_kind
    return Problem(
        type=_TYPE_PREFIX + kind,
        title=kind.replace("-", " ").capitalize().replace("json", "JSON"),
        status=fault.status,
        detail=fault.detail or usual_detail,
        request_id=request_id,
        errors=fault.errors,
    )


def install(app: FastAPI) -> None:
    """Make the app answer every error with a problem.

    Args:
        app: The app, before it serves.
    """
    app.add_exception_handler(ProblemFault, _on_fault)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)


def request_id_of(scope: Scope) -> str:
    """Find the id that the middleware gave to a request.

    Args:
        scope: The request's ASGI scope.

    Returns:
        The id.
    """
    state: Mapping[str, str] = scope["state"]
    return state["request_id"]


async def _on_fault(request: Request, error: Exception) -> Response:
    return answer(cast("ProblemFault", error), request_id_of(request.scope))


async def _on_http(request: Request, error: Exception) -> Response:
    refused = cast("HTTPException", error)
    fault = ProblemFault(refused.status_code, headers=refused.headers)
    return answer(fault, request_id_of(request.scope))


async def _on_invalid(request: Request, error: Exception) -> Response:
    wrong = cast("RequestValidationError", error).errors()
    fields = [FieldError(field=str(one["loc"][-1]), message=one["msg"]) for one in wrong]
    return answer(ProblemFault(422, errors=fields), request_id_of(request.scope))
