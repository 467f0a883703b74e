"""`nextloop rollout`: new code and models in front of callers, without one of them noticing.

Comes in: which code, which model. Goes out: what was done; exit code 5 if the release is bad.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextloop.cli import output
from nextloop.cli.options import AsJson, LakeFolder
from nextloop.cli.session import begin
from nextloop.errors import SystemFault

if TYPE_CHECKING:
    from nextloop.rollout.rollout import Rollout
    from nextloop.rollout.state import Slot
    from nextloop.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    help="Releases behind a proxy: deploy, rollback, status, reconcile, history, metrics, down.",
    rich_markup_mode="markdown",
)
Folder = Annotated[
    Path | None,
    typer.Option("--folder", help="Where sockets, logs and history lie.", metavar="FOLDER"),
]


@app.command()
def deploy(
    model: Annotated[
        str, typer.Option("--model", help="`production`, `staging` or a version's number.")
    ] = "production",
    code: Annotated[
        str | None,
        typer.Option(
            "--code", help="A checkout or environment, or an image; this one if left out."
        ),
    ] = None,
    watch: Annotated[
        float | None, typer.Option("--watch", min=0, help="Seconds to watch it after the switch.")
    ] = None,
    lake: LakeFolder = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Start code and model in the idle slot, and let it answer callers if it is good.

    Order: start, ready several times in a row with the right version and digest, golden questions
    answered as recorded, one rename, proof through the proxy, watch. A bad release gets no
    request or is switched back: exit code 5, and the release before answers as it did. The same
    release again is nothing to do. A newly promoted model and new code go the same way.

    Example: nextloop rollout deploy --model production
    """
    settings = _settings({"lake": lake, "rollout.watch_seconds": watch, "rollout.folder": folder})
    from nextloop.rollout.deploy import deploy as verb

    done = verb(settings, model, code, output.note)
    if as_json:
        output.emit_json(done)
    else:
        output.say(done.message)
        host, port = settings.rollout.address, settings.rollout.port
        output.note(f"It answers on http://{host}:{port}; back: nextloop rollout rollback")


@app.command()
def rollback(
    reason: Annotated[
        str, typer.Option("--reason", help="Why, for those who read the history.")
    ] = "",
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Let the release before answer again; within a second while its slot is warm.

    Going back twice goes back twice. The registry is not asked: after a bad model also say
    `nextloop models rollback`, or the next deploy brings it again.

    Example: nextloop rollout rollback --reason "breakfast offers look wrong"
    """
    rollout = _rollout(folder)
    from nextloop.rollout.rollback import rollback as verb

    done = verb(rollout, reason, output.note)
    if as_json:
        output.emit_json(done)
    else:
        output.say(done.message)


@app.command()
def status(folder: Folder = None, as_json: AsJson = False) -> None:
    """Show which slot answers with what; the exit code is 0 if all is well, else 4.

    Example: nextloop rollout status --json
    """
    rollout = _rollout(folder)
    from nextloop.rollout.status import status as verb

    found = verb(rollout)
    if as_json:
        output.emit_json(found)
    else:
        output.emit({"live": found.live, "url": found.url, "folder": found.folder})
        output.table([_row(slot, found.live) for slot in found.slots])
        for problem in found.problems:
            output.warn(problem)
        if found.problems:
            output.note("Put it right: nextloop rollout reconcile")
    raise typer.Exit(0 if found.ok else SystemFault.exit_code)


@app.command()
def reconcile(folder: Folder = None, as_json: AsJson = False) -> None:
    """Put right what a crash, a reboot or a hand left: one live slot, nginx, no leftovers.

    It looks at what really runs. Where nothing is wrong it does nothing, so it may run every
    minute; it also stops slots that were kept warm long enough.

    Example: nextloop rollout reconcile
    """
    rollout = _rollout(folder)
    from nextloop.rollout.reconcile import reconcile as verb

    found = verb(rollout)
    if as_json:
        output.emit_json(found)
        return
    for sentence in found.done:
        output.say(sentence)
    if found.live is None:
        output.say("Nothing is deployed: nextloop rollout deploy")
    elif not found.done:
        output.say(f"Nothing to put right; {found.live} answers.")


@app.command()
def history(
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, the newest.")] = 20,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Show what was done, by whom and when, oldest first.

    Example: nextloop rollout history --limit 5
    """
    rollout = _rollout(folder)
    from nextloop.rollout.history import read

    events = read(rollout.places)[-limit:]
    if as_json:
        output.emit_json(events)
        return
    rows = [
        {
            "at": event.get("at"),
            "event": event["event"],
            "slot": event.get("slot"),
            "model": str((event.get("release") or {}).get("version", "")),
            "code": (event.get("release") or {}).get("code", ""),
            "by": event.get("by"),
            "more": event.get("why") or event.get("reason") or event.get("done") or "",
        }
        for event in events
    ]
    output.table(rows) if rows else output.say("Nothing was done here yet.")


@app.command()
def metrics(
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Beside the inner port.")
    ] = 9113,
    folder: Folder = None,
) -> None:
    """Answer Prometheus on what nginx answered, by slot and status, until told to stop.

    Example: nextloop rollout metrics --port 9113
    """
    rollout = _rollout(folder)
    from nextloop.rollout.exporter import serve

    serve(rollout, port)


@app.command()
def down(folder: Folder = None, as_json: AsJson = False) -> None:
    """Stop nginx and both slots after they have finished; reconcile brings them back.

    Example: nextloop rollout down
    """
    rollout = _rollout(folder)
    from nextloop.rollout.reconcile import stop_all

    stop_all(rollout)
    if as_json:
        output.emit_json({"stopped": True})
    else:
        output.say("Stopped nginx and both slots.")


def _settings(flags: dict[str, Any]) -> Settings:
    return begin(flags)


def _rollout(folder: Path | None) -> Rollout:
    settings = _settings({"rollout.folder": folder})
    from nextloop.rollout.rollout import rollout_of

    return rollout_of(settings.rollout)


def _row(slot: Slot, live: str | None) -> dict[str, Any]:
    said = slot.ready
    return {
        "slot": slot.name,
        "state": _state(slot, live),
        "model": str(said.version) if said else "",
        "digest": said.digest[:12] if said else "",
        "code": said.code if said else "",
        "requests": slot.requests,
    }


def _state(slot: Slot, live: str | None) -> str:
    if slot.name == live:
        return "live" if slot.ready else "live, not ready"
    if slot.ready:
        return "warm"
    return "not ready" if slot.runs else "down"
