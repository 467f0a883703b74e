"""The branch of the settings tree that the API reads: where it listens, who may ask, how much."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from nextloop.settings.group import Group, HomePath


class ServingSettings(Group):
    """Where the API listens, whom it answers and by which rules."""

    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on")
    port: int = Field(
        default=8000, ge=0, le=65535, description="Port to listen on; 0 picks a free one"
    )
    keys: Literal["auto", "always"] = Field(
        default="auto",
        description="auto: callers on this machine need no key as long as none was made",
    )
    keys_file: HomePath = Field(
        default=Path("~/.config/nextloop/api-keys.json"),
        description="Where `nextloop keys` keeps the hashes of callers' keys",
    )
    rules_file: HomePath | None = Field(
        default=None, description="Hotels' rules for what is offered (TOML), read again on change"
    )
    # A hotel with 500 rooms asks about once a second; half of our maximum on one core is 1,000.
    rate_per_second: float = Field(
        default=200, gt=0, description="Requests that one key may send a second, for long"
    )
    rate_burst: int = Field(
        default=400, ge=1, description="Requests that one key may send at once after a pause"
    )
    events_folder: HomePath = Field(
        default=Path("~/.local/state/nextloop/events"),
        description="Where callers' events wait for `nextloop events ship`",
    )
    events_file_bytes: int = Field(
        default=16 * 1024**2, ge=1024, description="Size at which a file of events is closed"
    )
    events_file_seconds: float = Field(
        default=300, gt=0, description="Age at which a file of events is closed"
    )
