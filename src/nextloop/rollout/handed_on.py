"""What a slot in a container is told of the settings of who starts it; its file names the same.

Comes in: settings and where they came from. Goes out: variables for Docker Compose, of what
somebody has set; defaults stay the container's own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from nextloop.errors import UsageFault
from nextloop.settings import Resolved, Settings, variable
from nextloop.settings.allowed import settings_file

NAMES: Final = (
    "log_level",
    "orders.timezone",
    "orders.hotel_timezones",
    "serving.rate_per_second",
    "serving.rate_burst",
    "serving.events_file_bytes",
    "serving.events_file_seconds",
)
"""What counts in a slot as it does outside; other settings name places, or are the jobs'."""

RULES: Final = "/etc/nextloop/rules"
"""Where the container has the folder of the hotels' rules."""


def variables(resolved: Resolved) -> dict[str, str]:
    """Write the settings as the slots' file hands them on.

    Args:
        resolved: Settings of this process.

    Returns:
        Their texts by variable, JSON where they hold several values.

    Raises:
        UsageFault: The hotels' rules lie in a folder with secrets.
    """
    given = (name for name in NAMES if resolved.origins[name] != "default")
    return {variable(name): _text(resolved.settings, name) for name in given} | _folders(
        resolved.settings
    )


def _text(settings: Settings, name: str) -> str:
    value: object = settings
    for part in name.split("."):
        value = getattr(value, part)
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _folders(settings: Settings) -> dict[str, str]:
    """Name folders, not files: people put a new file in the old one's place."""
    found = {}
    if rules := settings.serving.rules_file:
        folder = rules.absolute().parent
        _check_closed(folder, settings)
        found["SLOTS_RULES_FOLDER"] = str(folder)
        found[variable("serving.rules_file")] = f"{RULES}/{rules.name}"
    cache = settings.mlflow.model_cache.absolute()
    if cache.is_dir():  # else Docker would make it, as root's
        found["SLOTS_MODELS_FOLDER"] = str(cache)
    return found


def _check_closed(folder: Path, settings: Settings) -> None:
    """Refuse to let a container see secrets; what else lies there is its owner's matter."""
    secret = (
        settings.privacy.guest_key_file,
        settings.mlflow.password_file,
        settings.gcs.service_account_key_file,
        settings_file(),
    )
    open_to_it = folder.resolve()
    seen = [file for file in secret if file and file.resolve().is_relative_to(open_to_it)]
    if seen:
        raise UsageFault(
            f"A slot in a container would see all of {folder}, the hotels' rules and {seen[0]}.",
            "Give the rules a folder of their own, such as /etc/nextloop/rules, and name it in "
            "serving.rules_file.",
        )
