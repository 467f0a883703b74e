"""`nextloop settings`: what is in force and where each value came from.

Comes in: nothing but the settings themselves. Goes out: a table or JSON, secrets masked.
"""

from __future__ import annotations

from functools import reduce
from typing import Annotated, Any

import typer

from nextloop.cli import output


def settings(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print every setting in force and where it came from; secrets are masked.

    A flag wins over the environment, the environment over nextloop.toml, that over the default.

    Example: NEXTLOOP_SPARK='local[2]' nextloop settings
    """
    from nextloop import settings as tree

    resolved = tree.resolve()
    found = {
        name: tree.masked(name, reduce(getattr, name.split("."), resolved.settings))
        for name in tree.leaves()
    }
    if as_json:
        output.emit_json(
            {
                name: {"value": value, "source": resolved.origins[name]}
                for name, value in found.items()
            }
        )
        return
    rows = [
        {"setting": name, "value": _shown(value), "from": resolved.origins[name]}
        for name, value in found.items()
    ]
    output.table(rows)
    output.note(
        "Set one with its variable, such as NEXTLOOP_ORDERS__TIMEZONE, or in nextloop.toml."
    )


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={each}" for key, each in value.items()) or "-"
    return "-" if value in (None, "") else str(value)
