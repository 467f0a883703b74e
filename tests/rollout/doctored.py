"""A release with a fault: `doctored.py KIND -m MODULE ARGS...`, in the place of a Python.

In: what a slot's Python is called with. Out: our real code with one thing changed, as bad releases
have it. `slow` is no fault: it has routes that take as long as they are asked to.
"""

from __future__ import annotations

# mypy: ignore-errors
# It replaces parts of real modules, which is what types are there to forbid.
import asyncio
import dataclasses
import os
import runpy
import sys
import threading
import time
from typing import Any

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

KIND = sys.argv[1]


def never_ready() -> None:
    """Load for ever."""
    from nextloop.serving import model

    model.load = lambda ref: time.sleep(3600)


def ends() -> None:
    """End instead of serving."""
    if "serve" in sys.argv:
        sys.stderr.write("error: the licence has expired\n")
        sys.exit(3)


def fails_then() -> None:
    """Be ready twice, then never again."""
    from nextloop.serving import routes

    asked = iter(range(10**9))
    real = routes.ready

    def ready(service: Any) -> Any:
        if next(asked) >= 2:
            raise RuntimeError
        return real(service)

    routes.ready = ready


def _from_the_switch_on(do: Any) -> None:
    """Do something once the link names this slot."""
    socket = sys.argv[sys.argv.index("--uds") + 1]
    link = os.path.join(os.path.dirname(socket), "live.sock")  # noqa: PTH118, PTH120

    def wait() -> None:
        while not (os.path.islink(link) and os.readlink(link) == os.path.basename(socket)):  # noqa: PTH114, PTH115, PTH119
            time.sleep(0.01)
        do()

    threading.Thread(target=wait, daemon=True).start()


def crashes() -> None:
    """Die a second after the switch."""
    if "serve" in sys.argv:
        _from_the_switch_on(lambda: (time.sleep(1), os._exit(1)))


def hangs() -> None:
    """Answer nothing more, a second after the switch."""
    import signal

    if "serve" in sys.argv:
        _from_the_switch_on(lambda: (time.sleep(1), os.kill(os.getpid(), signal.SIGSTOP)))


def breaks() -> None:
    """Answer 500 to all who ask for offers, a second after the switch; still say ready."""
    from nextloop.serving.service import Service

    real, broken = Service.recommend, []

    def recommend(self: Any, *arguments: Any, **named: Any) -> Any:
        if broken:
            raise RuntimeError
        return real(self, *arguments, **named)

    Service.recommend = recommend
    if "serve" in sys.argv:
        _from_the_switch_on(lambda: (time.sleep(1), broken.append(1)))


def wrong_answers() -> None:
    """Offer the same things the other way round."""
    from nextloop.serving.service import Service

    real = Service.recommend

    async def recommend(self: Any, *arguments: Any, **named: Any) -> Any:
        answer = await real(self, *arguments, **named)
        turned = [dataclasses.replace(offer) for offer in reversed(answer.offers)]
        for rank, offer in enumerate(turned, start=1):
            offer.rank = rank
        answer.offers = turned
        return answer

    Service.recommend = recommend


def wrong_version() -> None:
    """Serve another version than the one that was asked for."""
    if "serve" in sys.argv:
        place = sys.argv.index("--model") + 1
        sys.argv[place] = str(int(sys.argv[place]) - 1)


def slow() -> None:
    """Have routes that take time."""
    from nextloop.serving import routes

    real = routes.install

    def install(app: Any, *arguments: Any) -> None:
        @app.get("/slow/{seconds}")
        async def slow(seconds: float) -> Response:
            await asyncio.sleep(seconds)
            return Response(b"slept")

        @app.post("/upload")
        async def upload(request: Request) -> Response:
            return Response(str(len(await request.body())))

        @app.get("/stream/{seconds}")
        async def stream(seconds: int) -> StreamingResponse:
            async def parts() -> Any:
                for _ in range(seconds * 10):
                    yield b"0123456789"
                    await asyncio.sleep(0.1)

            return StreamingResponse(parts(), headers={"x-accel-buffering": "no"})

        real(app, *arguments)

    routes.install = install


def deaf() -> None:
    """Have the slow routes, and no ear for SIGTERM."""
    import signal

    slow()
    from nextloop.serving import server

    real = server._server

    def made(app: Any) -> Any:
        found = real(app)
        found.handle_exit = lambda *_: None
        return found

    server._server = made
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


if __name__ == "__main__":
    sys.argv = sys.argv[2:]  # now as a Python sees it: -m MODULE ARGS
    module, sys.argv = sys.argv[1], sys.argv[1:]
    if module == "nextloop.serving.identity":
        from nextloop.serving import identity

        sys.stdout.write(f"{identity.code()}.{KIND}")
        sys.exit(0)
    from nextloop.serving import identity

    named = identity.code
    identity.code = lambda: f"{named()}.{KIND}"
    globals()[KIND]()
    runpy.run_module(module, run_name="__main__", alter_sys=True)
