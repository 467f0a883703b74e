"""Korean or English: what the reader of a result asked for, or has set the machine to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from nextloop.errors import UsageFault

if TYPE_CHECKING:
    from nextloop.orders.reasons import Language

InLanguage = Annotated[
    str | None,
    typer.Option(
        "--language", help="ko or en; what LC_ALL or LANG says if left out.", metavar="LANGUAGE"
    ),
]


def language_of(given: str | None) -> Language:
    """Return the language to speak.

    Args:
        given: What the option says.

    Raises:
        UsageFault: It is neither `ko` nor `en`.
    """
    if given == "ko":
        return "ko"
    if given == "en":
        return "en"
    if given is not None:
        raise UsageFault(f"--language is {given!r}.", "Give ko or en.")
    # The first that is set counts, as in every program (POSIX, 8.2 Internationalization Variables).
    named = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "ko" if next(filter(None, named), "").lower().startswith("ko") else "en"
