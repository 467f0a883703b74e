"""Parts as processes: started, found again by a mark in their environment, asked, stopped.

Comes in: parts. Goes out: processes that outlive the command, whatever file was lost.
"""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from nextloop import processes
from nextloop.errors import SystemFault
from nextloop.processes import Process
from nextloop.spark.cluster import ports
from nextloop.stack.part import Part
from nextloop.stack.places import Places

_MARK: Final = "STACK_PART"
_ASK_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.2
_CHANCES: Final = 3
_CHANCE_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 60.0  # Airflow's scheduler waits for tasks that run
_KILL_SECONDS: Final = 10.0
_TAIL_LINES: Final = 3


def check(part: Part) -> None:
    """Make sure that a part can be started.

    Raises:
        SystemFault: A program is missing, or a port is taken; named, with the way to mend it.
    """
    if thing := part.missing:
        raise SystemFault(
            f"{part.name} needs {thing}, which is not here.",
            f"Get it by {part.needs[thing]}, or leave the part out: "
            f"NEXTLOOP_STACK__WITHOUT='{part.name}'.",
        )
    for setting, port in part.ports.items():
        if not ports.is_free(port):
            raise SystemFault(
                f"Port {port} of {part.name} is taken by {ports.holder(port)}.",
                f"Stop it, or set NEXTLOOP_STACK__{setting} to another port.",
            )


def start(part: Part, places: Places, variables: Mapping[str, str]) -> None:
    """Start a part, in a session of its own and with a log of its own."""
    part.prepare()
    log = places.log(part.name)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    environment = {**os.environ, **variables, **part.variables, _MARK: _mark(part.name, places)}
    started = processes.start(part.command, places.folder, log, environment)
    places.record(part.name).write_text(json.dumps(asdict(started)), "utf-8")


def found(name: str, places: Places) -> list[Process]:
    """Find a part's processes, its own first."""
    marked = processes.marked(_MARK, _mark(name, places))
    main = _recorded(name, places)
    if main is None or not main.is_alive():
        return marked
    return [main, *(process for process in marked if process != main)]


def answers(part: Part) -> bool:
    """Tell whether a part answers, be it with a refusal, and says nothing bad of itself."""
    if not part.health:
        return True
    try:
        with urllib.request.urlopen(part.health, timeout=_ASK_SECONDS) as answer:  # noqa: S310 loopback
            said = answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code < 500  # noqa: PLR2004 HTTP's own
    except (OSError, http.client.HTTPException):
        return False
    return not part.unwell or part.unwell.encode() not in said


def answers_soon(part: Part) -> bool:
    """Tell whether a part answers; a machine that is busy gets more than one chance."""
    for _ in range(_CHANCES):
        if answers(part):
            return True
        time.sleep(_CHANCE_SECONDS)
    return False


def await_answer(part: Part, places: Places) -> None:
    """Wait until a part answers.

    Raises:
        SystemFault: It ends, or does not answer in time; its last words are said.
    """
    until = time.monotonic() + part.seconds
    if not part.health:
        time.sleep(_CHANCE_SECONDS)  # to end, if it does not like what it finds
    while not (answers(part) and found(part.name, places)):
        if not found(part.name, places):
            raise SystemFault(
                f"{part.name} ended as it started: {_tail(part.name, places)}",
                f"All of it is in {places.log(part.name)}.",
            )
        if time.monotonic() > until:
            raise SystemFault(
                f"{part.name} did not answer within {part.seconds:.0f} s on {part.health}.",
                f"See {places.log(part.name)}.",
            )
        time.sleep(_LOOK_SECONDS)


def stop(name: str, places: Places) -> bool:
    """End a part: first its own process, which ends the others in order, then what is left.

    Returns:
        Whether there was anything to end.
    """
    running = found(name, places)
    if not running:
        return False
    processes.terminate(running[:1], _STOP_SECONDS)
    processes.stop(found(name, places), _KILL_SECONDS)
    places.record(name).unlink(missing_ok=True)
    return True


def _recorded(name: str, places: Places) -> Process | None:
    try:
        return Process(**json.loads(places.record(name).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _mark(name: str, places: Places) -> str:
    return f"{places.folder}:{name}"


def _tail(name: str, places: Places) -> str:
    try:
        lines = places.log(name).read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return "it says nothing"
    said = [line.strip() for line in lines if line.strip()]
    telling = [line for line in said if "rror" in line]
    return " / ".join((telling or said)[-_TAIL_LINES:])[:600] or "it says nothing"
