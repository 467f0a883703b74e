"""What every command does first: read the settings, set up the logs.

Comes in: the command's flags. Goes out: the settings in force.
"""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from nextloop.settings import Settings

_ends: Final = ExitStack()
"""What ends with the command."""
atexit.register(_ends.close)


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
    _sign_in(tree)
    return tree


def _sign_in(tree: Settings) -> None:
    if tree.gcs.service_account_key is None and tree.gcs.service_account_key_file is None:
        return
    from nextloop.storage.signing_in import signed_in

    _ends.enter_context(signed_in(tree.gcs))
