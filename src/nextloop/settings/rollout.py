"""The branch of the settings tree that `nextloop rollout` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from nextloop.settings.group import Group, HomePath

# What nginx takes as a name of a server, several in a row; nothing that could end a directive.
Hosts = Annotated[str, Field(pattern=r"^[A-Za-z0-9.*_-]+( [A-Za-z0-9.*_-]+)*$")]
Address = Annotated[str, Field(pattern=r"^(\d{1,3}(\.\d{1,3}){3}|\[[0-9A-Fa-f:]+\])$")]


class RolloutSettings(Group):
    """Where two slots and the proxy in front of them live, and when a release counts as good."""

    folder: HomePath | None = Field(
        default=None,
        description="Sockets, logs, history; XDG_STATE_HOME/nextloop/rollout if not set",
    )
    runner: Literal["process", "compose"] = Field(
        default="process", description="What slots are: processes, or services of Docker Compose"
    )
    compose_file: Path | None = Field(
        default=None, description="For compose; the checkout's deploy/compose/slots.yaml if not set"
    )
    docker: str = Field(default="docker", min_length=1, description="Docker's command")
    nginx: str = Field(default="nginx", min_length=1, description="nginx's command")
    template: Path | None = Field(
        default=None, description="Of nginx's configuration; deploy/nginx/'s if not set"
    )
    address: Address = Field(default="127.0.0.1", description="Address that callers reach")
    port: int = Field(default=8080, ge=1, le=65535, description="Port that callers reach")
    inner_address: Address = Field(
        default="127.0.0.1", description="Address of each slot's own metrics, for Prometheus"
    )
    inner_port: int = Field(
        default=8081, ge=1, le=65535, description="Port of each slot's own metrics"
    )
    hosts: Hosts = Field(
        default="localhost 127.0.0.1", description="Host names that are answered, by spaces"
    )
    golden: Path | None = Field(
        default=None, description="Questions asked before a switch (JSON lines); else made up"
    )
    key: SecretStr | None = Field(
        default=None, description="API key for all hotels, to ask a slot where keys are needed"
    )
    ready_seconds: float = Field(default=60, gt=0, description="Longest wait until a slot is ready")
    ready_answers: int = Field(
        default=3, ge=1, le=100, description="How many ready answers in a row count"
    )
    watch_seconds: float = Field(
        default=10, ge=0, description="How long a release is watched after the switch"
    )
    watch_errors: int = Field(
        default=3, ge=1, description="Fewest 5xx answers that switch back while watched"
    )
    watch_error_ratio: float = Field(
        default=0.01, ge=0, le=1, description="And their least share of the answers"
    )
    watch_slow_seconds: float = Field(
        default=1.0, gt=0, description="A 95th percentile above it switches back"
    )
    drain_seconds: float = Field(
        default=30, ge=0, description="Longest wait for a slot's accepted requests before SIGTERM"
    )
    stop_seconds: float = Field(
        default=35, gt=0, description="Longest wait between SIGTERM and SIGKILL"
    )
    warm_minutes: float = Field(
        default=30, ge=0, description="How long the slot before is kept, to go back at once"
    )
