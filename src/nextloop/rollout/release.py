"""A release: code and one model version, both pinned, as a slot is asked to run them.

Comes in: what somebody wants to deploy. Goes out: a record that outlives the command; what really
runs is asked of the slot.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from nextloop.rollout.places import Places, write_whole


@dataclass(frozen=True, kw_only=True)
class Release:
    """Code and model that belong together.

    Attributes:
        id: Names this deployment of it.
        code: What the code says of itself, see `nextloop.serving.identity`.
        place: Where the code lies: a Python, or an image by its digest.
        version: Of the model.
        digest: Of that version's files.
        lake: Whose registry has it.
    """

    id: str
    code: str
    place: str
    version: int
    digest: str
    lake: str

    @classmethod
    def new(cls, **parts: Any) -> Self:
        """Name a deployment by its moment; two of one second differ."""
        moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        return cls(id=f"{moment}-{secrets.token_hex(2)}", **parts)

    def equals(self, other: Release | None) -> bool:
        """Tell whether a caller could tell them apart."""
        return other is not None and self.content == other.content

    @property
    def label(self) -> str:
        """The release in words."""
        return f"model version {self.version} on code {self.code}"

    @property
    def content(self) -> tuple[str, int, str]:
        """What callers could tell it by."""
        return self.code, self.version, self.digest


def write(places: Places, slot: str, release: Release) -> None:
    """Note what a slot is about to be started as."""
    write_whole(places.record(slot), json.dumps(asdict(release), indent=1) + "\n")


def read(places: Places, slot: str) -> Release | None:
    """Return what a slot was last started as, None if nothing readable says it."""
    try:
        return Release(**json.loads(places.record(slot).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
