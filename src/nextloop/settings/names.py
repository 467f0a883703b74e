"""Names of settings: dotted name, environment variable, and what may be shown of a value.

Comes in: the tree's classes. Goes out: dotted names with their fields; masked values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from nextloop.settings.tree import Settings

MASK = "********"
PREFIX = "NEXTLOOP_"
# postgresql://mlflow:PASSWORD@db/mlflow and sc://host:15002/;token=TOKEN
_PASSWORD = re.compile(r"(?<=://)([^/@:\s]*:)[^/@\s]+(?=@)|((?:token|password)=)[^;&\s]+")


def _walk(model: type[BaseModel], before: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _walk(kind, f"{before}{name}.")
        else:
            yield f"{before}{name}", field


@cache
def leaves() -> Mapping[str, FieldInfo]:
    """List every setting.

    Returns:
        Field by dotted name (`orders.timezone`), in the tree's order.
    """
    return dict(_walk(Settings, ""))


def variable(name: str) -> str:
    """Name the environment variable of a setting.

    Args:
        name: Dotted name.

    Returns:
        Such as NEXTLOOP_ORDERS__TIMEZONE.
    """
    return PREFIX + name.replace(".", "__").upper()


def is_mapping(name: str) -> bool:
    """Tell whether a setting holds several values by key (then its variable holds JSON)."""
    return get_origin(leaves()[name].annotation) is dict


def is_secret(name: str) -> bool:
    """Tell whether a setting's value must never be shown."""
    kind = leaves()[name].annotation
    kinds = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    return SecretStr in kinds


def masked(name: str, value: Any) -> Any:
    """Say of a value only what may be read by others.

    Args:
        name: Dotted name of the setting.
        value: Its value, as given or as validated.

    Returns:
        The value; a mask for secrets; addresses without password or token.
    """
    if value is None:
        return None
    if name not in leaves() or is_secret(name) or isinstance(value, SecretStr):
        return MASK
    return _PASSWORD.sub(rf"\1\2{MASK}", value) if isinstance(value, str) else value
