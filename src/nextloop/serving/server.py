"""One API process from start to stop: listen, load the model, answer, finish, end.

In come a listening socket and a model reference, out goes a process that answers. It listens from
the first moment (``/healthz`` answers, ``/readyz`` says 503), loads the model beside, and on
SIGTERM or SIGINT takes no new connection but finishes what it has accepted.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI

from nextloop.registry.versions import ModelRef
from nextloop.serving import app as api
from nextloop.serving import model
from nextloop.serving.doors import Doors
from nextloop.serving.identity import Identity
from nextloop.serving.model import LoadedModel
from nextloop.serving.service import Service
from nextloop.serving.watched import watching

# nginx keeps idle connections to its upstreams for 60 s: whoever closes first may cut a request
# that is on its way, so it must not be us.
KEEP_ALIVE_SECONDS = 75
# An answer takes milliseconds; only an upload over a slow line needs more.
GRACEFUL_SECONDS = 30
_POLL_SECONDS = 0.005
_STDIN = 0


def run(
    listener: socket.socket,
    locate: Callable[[], ModelRef],
    service: Service,
    doors: Doors,
    on_ready: Callable[[LoadedModel], None],
    *,
    until_stdin_closes: bool = False,
    identity: Identity | None = None,
) -> None:
    """Serve until told to stop.

    Args:
        listener: Where to listen, from ``listener``.
        locate: Finds the model version to answer with; called once, beside the server.
        service: Answers the questions; its slot is filled here.
        doors: Whom to answer, and where events go.
        on_ready: Called once, when the model is loaded and requests are answered.
        until_stdin_closes: Also stop when standard input ends: who started this process and holds
            the other end takes it along, however it dies.
        identity: Who says of itself that it answers, where several processes take turns.

    Raises:
        NextLoopError: The model could not be found or loaded.
    """
    server = _server(api.create(service, doors, identity))
    failures: list[Exception] = []

    def load() -> None:
        try:
            loaded = model.load(locate())
            service.slot.fill(loaded)
            _wait_until_started(server)
            on_ready(loaded)
        except Exception as failure:  # noqa: BLE001 - raised again below, in the main thread
            failures.append(failure)
            server.should_exit = True

    threading.Thread(target=load, name="load-model", daemon=True).start()
    if until_stdin_closes:
        threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
    with _stopping_cleanly(server), watching(doors.files):
        server.run(sockets=[listener])
    doors.spool.close()
    if failures:
        raise failures[0]


def _server(app: FastAPI) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACEFUL_SECONDS,
        )
    )


def _wait_until_started(server: uvicorn.Server) -> None:
    pause = threading.Event()
    while not (server.started or server.should_exit):
        pause.wait(_POLL_SECONDS)


def _stop_at_end_of_input(server: uvicorn.Server, descriptor: int = _STDIN) -> None:
    # Not through sys.stdin: Python ends with an abort while a thread waits in its buffer.
    while os.read(descriptor, 4096):
        pass
    server.should_exit = True


@contextmanager
def _stopping_cleanly(server: uvicorn.Server) -> Iterator[None]:
    """Let a stop that was asked for end with exit code 0.

    uvicorn finishes its requests and then raises the signal again for the handler that was there
    before; Python's own would end the process as if it had been killed. A signal that comes
    before uvicorn listens to signals is kept as well.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
