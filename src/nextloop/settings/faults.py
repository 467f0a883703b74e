"""Turns what is wrong with a setting into one sentence and one piece of advice.

Comes in: pydantic's errors, unknown names. Goes out: `UsageFault`s; secrets are masked in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from nextloop.errors import UsageFault
from nextloop.settings.allowed import nearest
from nextloop.settings.names import leaves, masked


def wrong_value(name: str, value: object, origin: str, allowed: str, key: str = "") -> UsageFault:
    """Say that a value is not allowed.

    Args:
        name: Dotted name of the setting.
        value: What was given; masked when the setting is secret.
        origin: Where it came from.
        allowed: What would be accepted.
        key: Which entry of a setting that holds several, in brackets.

    Returns:
        The fault to raise.
    """
    return UsageFault(
        f"setting {name}{key} = {masked(name, value)!r} is not allowed (from {origin})",
        f"Allowed: {allowed}.",
    )


def unknown_variable(given: str, known: Iterable[str]) -> UsageFault:
    """Say that an environment variable sets nothing.

    Args:
        given: Its name.
        known: The names that set something.

    Returns:
        The fault to raise.
    """
    near = nearest(given, list(known))
    advice = f"Did you mean {near}?" if near else "`nextloop settings` lists the names."
    return UsageFault(f"environment variable {given} is no setting", advice)


def refuse_unknown(tree: Mapping[str, Any], origin: str, before: str = "") -> None:
    """Check every name of a source before its values are looked at.

    Args:
        tree: Values by name, branches as mappings.
        origin: Where they came from.
        before: Dotted name of the branch, with its dot.

    Raises:
        UsageFault: At the first unknown name; says the nearest one.
    """
    known = leaves()
    for part, value in tree.items():
        name = f"{before}{part}"
        if name in known:
            continue
        if not any(leaf.startswith(f"{name}.") for leaf in known):
            raise _unknown_setting(name, origin)
        if not isinstance(value, Mapping):
            raise UsageFault(f"setting {name} is a group, not a value (from {origin})",
                             f"Set one of its names, such as {_first_of(name)}.")  # fmt: skip
        refuse_unknown(value, origin, f"{name}.")


def explained(wrong: ValidationError, origins: Mapping[str, str]) -> UsageFault:
    """Turn pydantic's report into one fault about its first error.

    Args:
        wrong: The report.
        origins: Where each setting came from.

    Returns:
        The fault to raise; it counts the further errors.
    """
    first, *rest = wrong.errors(include_url=False)
    name, keys = _setting_at(first["loc"])
    fault = wrong_value(
        name, first["input"], origins.get(name, "default"), _allowed(first), key=keys
    )
    more = f" And {len(rest)} more like it." if rest else ""
    return UsageFault(fault.message, fault.hint + more)


def _unknown_setting(name: str, origin: str) -> UsageFault:
    near = nearest(name, list(leaves()))
    advice = f"Did you mean {near}?" if near else "`nextloop settings` lists the names."
    return UsageFault(f"{name} is no setting (from {origin})", advice)


def _first_of(group: str) -> str:
    return next(leaf for leaf in leaves() if leaf.startswith(f"{group}."))


def _setting_at(place: tuple[int | str, ...]) -> tuple[str, str]:
    """Split pydantic's location into the setting and the keys inside it."""
    parts = [str(part) for part in place]
    for size in range(len(parts), 0, -1):
        if ".".join(parts[:size]) in leaves():
            return ".".join(parts[:size]), "".join(f"[{part}]" for part in parts[size:])
    return ".".join(parts), ""


# Pydantic's kinds of error whose own words do not read well after "Allowed:".
_WORDS = {
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "less_than": "less than {lt}",
    "too_short": "{min_length} characters or more",
    "string_too_short": "{min_length} characters or more",
    "string_pattern_mismatch": "text that matches {pattern}",
    "literal_error": "{expected}",
    "value_error": "{error}",
}


def _allowed(error: Mapping[str, Any]) -> str:
    """Say what would be accepted."""
    words = _WORDS.get(error["type"])
    if words is None:
        return str(error["msg"]).removeprefix("Input should be ").split(", unable to")[0]
    return str(words.format(**error.get("ctx", {}))).replace("'", "")
