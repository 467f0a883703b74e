"""`nextloop serve`: answer requests for recommendations until told to stop.

Comes in: which model of which lake, and where to listen. Goes out: a line when it is ready, with
a request to try; logs on standard error.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextloop.cli import output
from nextloop.cli.options import LakeFolder
from nextloop.cli.session import begin

if TYPE_CHECKING:
    from nextloop.serving.doors import Doors
    from nextloop.serving.model import LoadedModel
    from nextloop.settings import Settings

Slot = Annotated[
    str | None,
    typer.Option("--slot", help="Name to answer under, where `nextloop rollout` starts it."),
]
_LOOPBACK = ("127.0.0.1", "::1", "[::1]", "localhost")


def serve(
    lake: LakeFolder = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port to listen on; 0 takes a free one.")
    ] = None,
    uds: Annotated[
        Path | None, typer.Option("--uds", help="Unix socket to listen on instead of a port.")
    ] = None,
    model: Annotated[
        str, typer.Option("--model", help="`production`, `staging` or a version's number.")
    ] = "production",
    slot: Slot = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say ready as a JSON line.")] = False,
    until_stdin_closes: Annotated[
        bool,
        typer.Option(
            "--until-stdin-closes", help="Also stop when standard input ends: for programs."
        ),
    ] = False,
) -> None:
    """Start the recommendation API; Ctrl-C or SIGTERM lets it finish what it has accepted.

    It listens on this machine only unless --host says otherwise. As long as no key was made,
    callers on this machine need none; others are never answered without (`nextloop keys`).

    Example: nextloop serve --lake lake --port 8000 --model production
    """
    settings = begin({"lake": lake, "serving.host": host, "serving.port": port}, service=True)
    from nextloop.serving import lean, listener
    from nextloop.serving.locate import locate

    with ExitStack() as stack:
        listening = stack.enter_context(
            listener.unix(uds)
            if uds
            else listener.tcp(settings.serving.host, settings.serving.port)
        )
        key = _guest_key(settings)
        url = listener.url_of(listening)
        located = locate(settings.lake, model)

        # Imported beside that search: it takes a second.
        lean.import_lightgbm()
        from nextloop.serving import server
        from nextloop.serving.identity import Identity
        from nextloop.serving.model import ModelSlot
        from nextloop.serving.service import Service

        doors = _doors(settings, url, slot)
        server.run(
            listening,
            located,
            Service(ModelSlot(), key, settings.orders, rules=lambda: doors.rules.value),
            doors,
            partial(_announce, url, as_json=as_json, keyed=doors.access.keys() is not None),
            until_stdin_closes=until_stdin_closes,
            identity=Identity.of(slot) if slot else None,
        )


def _doors(settings: Settings, url: str, slot: str | None) -> Doors:
    """Settle who is answered, and say so if that is everybody."""
    from nextloop.serving.doors import Doors

    doors = Doors.of(settings.serving, reachable=_is_reachable(settings, url, slot))
    if doors.access.keys() is None:
        output.warn(f"{url} asks nobody for a key: whoever can use this machine can ask it")
    return doors


def _is_reachable(settings: Settings, url: str, slot: str | None) -> bool:
    """Tell whether other machines can ask: directly, or through the proxy in front of a slot."""
    if url.startswith("unix:"):
        return slot is not None and settings.rollout.address not in _LOOPBACK
    return settings.serving.host not in _LOOPBACK


def _guest_key(settings: Settings) -> bytes:
    """Find the key that made the lake's guest keys; a lake of another key is refused."""
    from nextloop import privacy
    from nextloop.storage.lake import open_lake

    open_lake(settings.lake)  # first: without a lake of ours there is no key to look for
    key = privacy.load_key(settings, create=False)
    open_lake(settings.lake, privacy.fingerprint(key))
    return key


def _announce(url: str, loaded: LoadedModel, *, as_json: bool, keyed: bool) -> None:
    if as_json:
        ready = {"url": url, "model_version": loaded.ref.version, "model_digest": loaded.ref.digest}
        sys.stdout.write(json.dumps(ready) + "\n")
    else:
        output.say(f"Ready: {url} answers with model version {loaded.ref.version}. Try:")
        output.say(_example(url, loaded, keyed=keyed))
    sys.stdout.flush()


def _example(url: str, loaded: LoadedModel, *, keyed: bool) -> str:
    """Give a command that works as it stands: with a hotel that this model knows."""
    target = url
    if url.startswith("unix:"):
        target = f"--unix-socket {url.removeprefix('unix:')} http://localhost"
    body = json.dumps({"hotel_seq": int(loaded.bundle.hotels[0]), "k": 3})
    key = "-H 'Authorization: Bearer KEY' " if keyed else ""
    headers = f"{key}-H 'Content-Type: application/json'"
    return f"  curl -s {target}/v1/recommendations {headers} -d '{body}'"
