"""Conditions on generations and entity tags, in the words of both APIs.

In: a request. Out: conditions that a look or a write must meet: a write that does not is
refused with 412, a look that brings nothing new with 304.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.gcs.messages import Refused, Request

if TYPE_CHECKING:
    from tests.gcs.objects import Version

_UNMET: Final = "At least one of the pre-conditions you specified did not hold."


@dataclass(frozen=True)
class Conditions:
    """What must hold of the live version; 0 means that there must be none."""

    generation: int | None = None
    generation_not: int | None = None
    metageneration: int | None = None
    metageneration_not: int | None = None
    etags: frozenset[str] = frozenset()
    etags_not: frozenset[str] = frozenset()

    def check_read(self, live: Version) -> None:
        """Refuse a look: 412 for the wrong version, 304 for one that the reader has."""
        if not self._matches(live):
            raise Refused(412, _UNMET)
        if not self._differs(live):
            raise Refused(304, "Not modified")

    def check_write(self, live: Version | None) -> None:
        """Refuse a write with 412."""
        if not (self._matches(live) and self._differs(live)):
            raise Refused(412, _UNMET)

    def _matches(self, live: Version | None) -> bool:
        generation = live.generation if live else 0
        metageneration = live.metageneration if live else 0
        return (
            self.generation in {None, generation}
            and self.metageneration in {None, metageneration}
            and (not self.etags or bool(self.etags & _etags(live)))
        )

    def _differs(self, live: Version | None) -> bool:
        generation = live.generation if live else 0
        metageneration = live.metageneration if live else 0
        return (
            self.generation_not != generation
            and self.metageneration_not != metageneration
            and not self.etags_not & _etags(live)
        )


ANY: Final = Conditions()


def _etags(live: Version | None) -> set[str]:
    return {"*", live.etag.strip('"'), live.json_etag} if live else set()


def of_json(request: Request, source: bool = False) -> Conditions:
    """The JSON API's conditions on the object that is written, or on the one that is copied."""
    word = "ifSource" if source else "if"
    query = request.query
    etags, etags_not = _etags_asked(request, source)
    return Conditions(
        generation=_number(query.get(word + "GenerationMatch")),
        generation_not=_number(query.get(word + "GenerationNotMatch")),
        metageneration=_number(query.get(word + "MetagenerationMatch")),
        metageneration_not=_number(query.get(word + "MetagenerationNotMatch")),
        etags=etags,
        etags_not=etags_not,
    )


def of_xml(request: Request, source: bool = False) -> Conditions:
    """The XML API's conditions on the object that is written, or on the one that is copied."""
    word = "x-goog-copy-source-if-" if source else "x-goog-if-"
    etags, etags_not = _etags_asked(request, source)
    return Conditions(
        generation=_number(request.header(word + "generation-match")),
        metageneration=_number(request.header(word + "metageneration-match")),
        etags=etags,
        etags_not=etags_not,
    )


def _etags_asked(request: Request, source: bool) -> tuple[frozenset[str], frozenset[str]]:
    if source:
        return frozenset(), frozenset()
    return _tags(request.header("if-match")), _tags(request.header("if-none-match"))


def _tags(header: str | None) -> frozenset[str]:
    return frozenset(
        tag.strip().removeprefix("W/").strip('"') for tag in (header or "").split(",")
    ) - {""}


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise Refused(400, f"Not a generation: {text}") from error
