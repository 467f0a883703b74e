"""Reads the settings and remembers where each came from.

Comes in: flags, the process's environment, nextloop.toml. Goes out: `Settings` and, per dotted
name, its origin; anything wrong becomes one `UsageFault`.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource

from nextloop.errors import UsageFault
from nextloop.settings import faults
from nextloop.settings.allowed import CONFIG_VARIABLE, settings_file
from nextloop.settings.names import PREFIX, is_mapping, leaves, variable
from nextloop.settings.tree import Settings

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resolved:
    """Settings in force, with the origin of each (dotted name -> flag, variable, file, default)."""

    settings: Settings
    origins: Mapping[str, str]


def load(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read the settings that are in force.

    Args:
        overrides: What flags say, by dotted name or nested; None means that the flag is not given.

    Returns:
        The frozen tree.

    Raises:
        UsageFault: When a name is unknown or a value is not allowed.
    """
    return resolve(overrides).settings


def sources(overrides: Mapping[str, Any] | None = None) -> Mapping[str, str]:
    """Tell where each setting's value comes from.

    Args:
        overrides: As for `load`.

    Returns:
        By dotted name: `flag`, `environment NEXTLOOP_...`, the file's path, or `default`.

    Raises:
        UsageFault: As for `load`.
    """
    return resolve(overrides).origins


def resolve(overrides: Mapping[str, Any] | None = None) -> Resolved:
    """Read the settings together with their origins.

    Args:
        overrides: As for `load`.

    Returns:
        Both.

    Raises:
        UsageFault: As for `load`.
    """
    flags = _nested(overrides or {})
    _check_variables()
    file, read = _file()
    origins = _origins(flags, EnvSettingsSource(Settings)(), read, str(file))
    given = {"flag": flags, str(file): read}
    for origin, tree in given.items():
        faults.refuse_unknown(tree, origin)
    try:
        return Resolved(Settings(**flags), origins)
    except ValidationError as wrong:
        raise faults.explained(wrong, origins) from None


def _nested(flat: Mapping[str, Any]) -> Tree:
    """Turn dotted names into branches and drop flags that were not given."""
    tree: Tree = {}
    for name, value in flat.items():
        if value is None:
            continue
        *path, leaf = name.split(".")
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
        if isinstance(value, Mapping) and leaf in Settings.model_fields:
            branch.setdefault(leaf, {}).update(_nested(value))
        else:
            branch[leaf] = value
    return tree


def _file() -> tuple[object, Tree]:
    path = settings_file()
    if path is None:
        return "", {}
    try:
        return path, tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise UsageFault(f"{path} is not TOML: {wrong}", "Mend that line.") from None
    except OSError as refused:
        raise UsageFault(
            f"{path} cannot be read: {refused.strerror}", "Check who may read it."
        ) from None


def _check_variables() -> None:
    """Refuse variables that would silently do nothing, and JSON that cannot be read."""
    names = {variable(name): name for name in leaves()}
    for given, text in os.environ.items():
        upper = given.upper()
        if not upper.startswith(PREFIX) or upper == CONFIG_VARIABLE or not text:
            continue
        name = names.get(upper)
        if name is None and not _is_entry(upper, names):
            raise faults.unknown_variable(given, [*names, CONFIG_VARIABLE])
        if name is not None and is_mapping(name):
            _check_json(given, name, text)


def _is_entry(given: str, names: Mapping[str, str]) -> bool:
    """Tell whether a variable sets one key of a mapping (NEXTLOOP_ORDERS__STATUS_MAP__DONE)."""
    return any(given.startswith(f"{known}__") and is_mapping(name) for known, name in names.items())


def _check_json(given: str, name: str, text: str) -> None:
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise faults.wrong_value(
            name, text, f"environment {given}", 'a JSON object, {"key": "value"}'
        )


def _origins(flags: Tree, environment: Tree, read: Tree, path: str) -> dict[str, str]:
    """Name the first source that holds each setting, in order of precedence."""
    origins: dict[str, str] = {}
    for name in leaves():
        holders = (
            ("flag", flags), (f"environment {variable(name)}", environment), (path, read)
        )  # fmt: skip
        origins[name] = next((who for who, tree in holders if _holds(tree, name)), "default")
    return origins


def _holds(tree: Tree, name: str) -> bool:
    branch: Any = tree
    for part in name.split("."):
        if not isinstance(branch, Mapping) or part not in branch:
            return False
        branch = branch[part]
    return True
