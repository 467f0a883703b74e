"""Questions whose answers are known: asked of a slot before anybody else asks it.

Comes in: a slot that is ready, and its release. Goes out: nothing, or what it answered wrong. The
answers of a model version are recorded when it is first released; from then on any code has to
give them again. A version without a record has to answer sensibly.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import OK
from pathlib import Path
from typing import Any, Final

from nextloop.errors import ReleaseFault, UsageFault
from nextloop.headers import UNRULED_HEADER
from nextloop.recommender.arrays import unpack
from nextloop.registry import artifact
from nextloop.registry.versions import ModelRef
from nextloop.rollout import asking
from nextloop.rollout.places import Places, write_whole
from nextloop.rollout.release import Release

ROUTE: Final = "/v1/recommendations"
_HOTELS: Final = 20
_HOURS: Final = ("08:30:00", "21:15:00")
_OWN: Final = "request_id"
_REFUSED: Final = (401, 403)
_WRONG: Final = (
    "The release got no requests. If the new answers are right, register a new model version, or "
    "change the file of questions."
)
_KEYLESS: Final = (
    "The release got no requests. It asks callers for keys: give the rollout one for all hotels "
    "(`nextloop keys add rollout --all-hotels`) in NEXTLOOP_ROLLOUT__KEY."
)
"""The only part of an answer that may differ when the same question is asked again."""
_CLOSE: Final = 1e-6
"""Scores of equal models agree to about 1e-12; another build of a library may add that much."""

Question = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A question and what has to be in its answer; nothing if only sense is asked for."""

    question: Question
    expected: Mapping[str, Any] | None = None


def cases(places: Places, ref: ModelRef, named: Path | None) -> list[Case]:
    """Gather what a release is asked.

    Args:
        places: Of the rollout.
        ref: The release's model version; its files are checked against the digest.
        named: The settings' file of questions, one JSON object a line: a `request` and, if it is
            to hold for every version, an `expect`. Questions are made up if None.

    Returns:
        Recorded ones of this version, or else new ones; those that expect something always.

    Raises:
        UsageFault: The file is missing or no such file.
        DataFault: The model's files are not what was registered.
    """
    files = artifact.read(ref.bundle_folder, ref.digest)
    asked = _from_file(named) if named else _made_up(files, ref)
    recorded = _recorded(places, ref.digest)
    return [*recorded, *(case for case in asked if case.expected or not recorded)]


def check(
    target: asking.Target, release: Release, asked: Sequence[Case], key: str = ""
) -> list[Case]:
    """Ask all of it.

    Args:
        target: The slot.
        release: That answers.
        asked: From `cases`.
        key: An API key for all hotels, where the slot asks for one.

    Returns:
        The cases with the answers that came, to be recorded.

    Raises:
        ReleaseFault: An answer is missing, senseless or not what was recorded.
    """
    # Hotels' rules change by the hour; what is compared is what model and code say.
    more = {UNRULED_HEADER: "1"} | ({"Authorization": f"Bearer {key}"} if key else {})
    found = []
    for case in asked:
        body = json.dumps(case.question).encode()
        reply = asking.ask(target, ROUTE, body, request_id="rollout-golden", more=more)
        answer = reply.json() if reply and reply.status == OK else None
        wrong = _wrong(answer, reply, release, case)
        if wrong:
            raise ReleaseFault(
                f"The golden question {json.dumps(case.question, ensure_ascii=False)} is answered "
                f"wrong: {wrong}",
                _KEYLESS if reply and reply.status in _REFUSED else _WRONG,
            )
        found.append(Case(case.question, answer))
    return found


def record(places: Places, digest: str, answered: Sequence[Case]) -> None:
    """Keep the first answers of a version; later ones were compared with them."""
    path = places.golden(digest)
    if path.exists():
        return
    rows = [
        {
            "request": case.question,
            "expect": {name: part for name, part in (case.expected or {}).items() if name != _OWN},
        }
        for case in answered
    ]
    write_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def _recorded(places: Places, digest: str) -> list[Case]:
    path = places.golden(digest)
    return _from_file(path) if path.exists() else []


def _from_file(path: Path) -> list[Case]:
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        return [Case(dict(row["request"]), row.get("expect")) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise UsageFault(
            f"The golden questions {path} cannot be read ({type(wrong).__name__}).",
            'One JSON object a line: {"request": {"hotel_seq": 1, ...}}; docs/rollout.md.',
        ) from wrong


def _made_up(files: Mapping[str, bytes], ref: ModelRef) -> list[Case]:
    """Ask for breakfast and evening of the first hotels that the model knows."""
    hotels = unpack(files["catalog.npz"])["hotel"][:_HOTELS]
    return [
        Case({"hotel_seq": int(hotel), "at": f"{ref.as_of}T{hour}", "k": 5})
        for hotel in hotels
        for hour in _HOURS
    ]


def _wrong(answer: Any, reply: asking.Reply | None, release: Release, case: Case) -> str:
    """Say what is wrong with an answer, nothing if it is fine."""
    if not isinstance(answer, dict):
        return f"status {reply.status}" if reply else "no answer"
    said = answer.get("model_version"), answer.get("model_digest")
    if said != (release.version, release.digest):
        return f"it comes from model version {said[0]}, digest {said[1]}"
    return (
        _senseless(answer.get("offers"))
        if case.expected is None
        else _difference(case.expected, answer)
    )


def _senseless(offers: Any) -> str:
    """Say what no list of offers may be."""
    if not isinstance(offers, list) or not offers:
        return "it offers nothing"
    if [offer.get("rank") for offer in offers] != list(range(1, len(offers) + 1)):
        return "its ranks are not 1, 2, 3"
    if len({offer.get("item_seq") for offer in offers}) != len(offers):
        return "it offers an item twice"
    return ""


def _difference(expected: Any, found: Any, at: str = "") -> str:
    """Name the first place where something expected is not found; more may be there."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name, part in expected.items():
            if wrong := _difference(part, found.get(name), f"{at}.{name}" if at else name):
                return wrong
        return ""
    if isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return f"{at} has {len(found)} entries instead of {len(expected)}"
        pairs = enumerate(zip(expected, found, strict=True))
        return next(filter(None, (_difference(a, b, f"{at}[{n}]") for n, (a, b) in pairs)), "")
    if isinstance(expected, float) and isinstance(found, float | int):
        same = math.isclose(expected, found, rel_tol=_CLOSE, abs_tol=_CLOSE)
    else:
        same = expected == found
    return "" if same else f"{at} is {found!r} instead of {expected!r}"
