"""The API as an app: routes, problems, metrics and the frame around every request.

In comes a service, out goes an ASGI app that keeps nothing global: two apps in
one process do not share metrics or models.
"""

from __future__ import annotations

from fastapi import FastAPI

import nextloop
from nextloop.serving import event_routes, many_routes, openapi, problems, routes
from nextloop.serving.access import Guard
from nextloop.serving.doors import Doors
from nextloop.serving.event_routes import EVENTS_PATH
from nextloop.serving.identity import Identity, Named
from nextloop.serving.instruments import Instruments
from nextloop.serving.many_routes import BATCH_PATH
from nextloop.serving.middleware import RequestFrame
from nextloop.serving.service import Service

# 500 ordered and 1,000 excluded items of 19 digits each are 32 kB.
MAX_BODY_BYTES = 64 * 1024
# 100 questions, or 500 events of 300 bytes.
MAX_MANY_BYTES = 1024 * 1024
_LARGER = {BATCH_PATH: MAX_MANY_BYTES, EVENTS_PATH: MAX_MANY_BYTES}

_DESCRIPTION = "What to offer to a hotel's guest now, and why."


def create(service: Service, doors: Doors, identity: Identity | None = None) -> FastAPI:
    """Build the API.

    Args:
        service: Answers the questions; may be filled with a model later.
        doors: Whom it answers, and where events go.
        identity: Who says of itself that it answers, where several processes take turns.

    Returns:
        The app.
    """
    instruments = Instruments(identity.slot if identity else None)
    service.slot.watch(instruments.loaded)
    app = FastAPI(
        title="NextLoop",
        summary=_DESCRIPTION,
        version=nextloop.__version__,
        # The pages would load scripts from other people's servers; the document itself stays.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # FastAPI's own OpenTelemetry records validation failures and exceptions with the values
        # that caused them, which may be a guest's number.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    problems.install(app)
    routes.install(app, service, instruments, identity)
    many_routes.install(app, service, instruments)
    event_routes.install(app, doors.spool, instruments)
    openapi.install(app)
    app.add_middleware(Guard, access=doors.access)
    app.add_middleware(RequestFrame, max_body_bytes=MAX_BODY_BYTES, larger=_LARGER)
    if identity is not None:
        app.add_middleware(Named, identity=identity, model=service.slot)
    instruments.install(app)  # last, so outermost: what is refused on the way in counts too
    return app
