"""Markup that cannot be broken by what is put into it: every text is escaped, once.

In come tag names, attributes and children, out goes `Markup`; only `Markup` passes unescaped.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

_HANGUL: Final = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
_VOID: Final = frozenset(("meta", "link", "br", "rect", "line", "circle", "polyline"))


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, /, *children: str | int, **attributes: str | float | None) -> Markup:
    """Make an element.

    Args:
        name: Its name.
        children: Text is escaped, `Markup` is put in as it is.
        attributes: `class_` stands for class, `_` elsewhere for `-`; those that are None are left
            out, and numbers lose needless decimals.

    Returns:
        The element.
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not children and name in _VOID:
        return Markup(f"<{name}{shown}/>")
    return Markup(f"<{name}{shown}>{join(*children)}</{name}>")


def join(*parts: str | int) -> Markup:
    """Put parts one after the other, escaping what is not markup."""
    return Markup(
        "".join(part if isinstance(part, Markup) else escape(str(part)) for part in parts)
    )


def spoken(words: str) -> Markup:
    """Mark words as Korean if any of them is, so that fonts and readers take them for that."""
    return tag("span", words, lang="ko") if _HANGUL.search(words) else join(words)


def _text(value: str | float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
