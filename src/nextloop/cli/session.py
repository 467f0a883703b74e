"""What every command does first: read the settings, set up the logs.

Comes in: the command's flags. Goes out: the settings in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nextloop.settings import Settings


def begin(flags: Mapping[str, Any] | None = None, service: bool = False) -> Settings:
    """Start a command.

    Args:
        flags: Values of the command's flags by dotted setting name; None is a flag not given.
        service: True for what keeps running: it logs at info unless the settings say otherwise.

    Returns:
        The settings in force.

    Raises:
        UsageFault: When a setting is wrong.
    """
    # Imported here: `nextloop --help` needs neither and would take twice as long.
    from nextloop import settings
    from nextloop.telemetry import logs

    tree = settings.load(flags)
    usual: logs.Level = "info" if service else "warning"
    logs.configure(usual if tree.log_level == "auto" else tree.log_level, tree.log_format)
    return tree
