"""Which slot, code and model answer: said in the headers of every answer, and when ready.

Comes in: the slot's name and the model that is loaded. Goes out: three headers. Two processes of
equal code and libraries say the same code, whatever folder or image they run from.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import nextloop

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from nextloop.serving.model import ModelSlot

SLOT_HEADER: Final = "X-Nextloop-Slot"
CODE_HEADER: Final = "X-Nextloop-Code"
MODEL_HEADER: Final = "X-Nextloop-Model"
_SHOWN_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Identity:
    """A serving process among others.

    Args:
        slot: Such as ``blue``.
        code: As `code` gives it.
    """

    slot: str
    code: str

    @classmethod
    def of(cls, slot: str) -> Self:
        """Describe this process."""
        return cls(slot, code())


class Named:
    """Adds to every answer who gave it.

    Args:
        app: What is inside.
        identity: Who answers.
        model: Holds the model, or nothing yet.
    """

    def __init__(self, app: ASGIApp, identity: Identity, model: ModelSlot) -> None:
        self.app = app
        self.model = model
        own = {SLOT_HEADER: identity.slot, CODE_HEADER: identity.code}
        self.own = [(name.lower().encode(), value.encode()) for name, value in own.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def named_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self.own, *self._model()]
            await send(message)

        await self.app(scope, receive, named_send)

    def _model(self) -> list[tuple[bytes, bytes]]:
        loaded = self.model.loaded
        if loaded is None:
            return []
        value = f"{loaded.ref.version}-{loaded.ref.digest}"
        return [(MODEL_HEADER.lower().encode(), value.encode())]


def code() -> str:
    """Name the code that this process runs: the release, and a sum of its parts.

    Returns:
        Such as ``0.1.0-9f86d081884c7d65``; the sum is over the package's own modules, the
        libraries that are installed and the Python, and of no path or date.
    """
    package = Path(nextloop.__file__).parent
    sums = hashlib.sha256(sys.version.encode())
    for module in sorted(package.rglob("*.py")):
        sums.update(f"\n{module.relative_to(package)}\n".encode())
        sums.update(module.read_bytes())
    for line in sorted({f"{one.name}=={one.version}".lower() for one in metadata.distributions()}):
        sums.update(f"\n{line}".encode())
    return f"{nextloop.__version__}-{sums.hexdigest()[:_SHOWN_DIGITS]}"


def main() -> None:
    """Write the code's name, for who is about to start it."""
    sys.stdout.write(code())
    sys.stdout.flush()


if __name__ == "__main__":
    main()
    os._exit(0)
