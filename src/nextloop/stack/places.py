"""Where the parts of a stack lie, and what they are told of each other.

Comes in: the settings. Goes out: paths in one private folder, and the environment that every part
and every command for this stack gets.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nextloop import locks
from nextloop.errors import SystemFault
from nextloop.settings import Settings


@dataclass(frozen=True)
class Places:
    """Paths of a stack.

    Attributes:
        folder: Of all of them.
        checkout: Where scripts/ and deploy/ are.
        monitoring: Where the rules and the templates of messages are.
    """

    folder: Path
    checkout: Path
    monitoring: Path

    @property
    def metrics(self) -> Path:
        """Where jobs leave their metrics."""
        return self.folder / "metrics"

    @property
    def messages(self) -> Path:
        """What Slack would have got."""
        return self.folder / "messages.log"

    def log(self, part: str) -> Path:
        """What a part writes."""
        return self.folder / "logs" / f"{part}.log"

    def record(self, part: str) -> Path:
        """As which process a part was started."""
        return self.folder / "parts" / f"{part}.json"


def places_of(settings: Settings) -> Places:
    """Find the places that the settings name.

    Raises:
        SystemFault: The checkout has no scripts.
    """
    stack = settings.stack
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    folder = (stack.folder or Path(base) / "nextloop" / "stack").absolute()
    checkout = (stack.checkout or Path(__file__).parents[3]).absolute()
    monitoring = (stack.monitoring or checkout / "deploy" / "monitoring").absolute()
    for needed in (checkout / "scripts" / "mlflow.sh", monitoring / "prometheus"):
        if not needed.exists():
            raise SystemFault(
                f"There is no {needed}: a stack is started from a checkout.",
                "Clone the repository, or set NEXTLOOP_STACK__CHECKOUT to where it is.",
            )
    return Places(folder, checkout, monitoring)


def variables(settings: Settings, places: Places) -> dict[str, str]:
    """Return what commands for this stack need in their environment; what is set already is kept.

    Args:
        settings: Of this process.
        places: Of the stack.
    """
    own: dict[str, str | Path] = {
        "NEXTLOOP_LANDING": places.folder / "landing",
        "NEXTLOOP_LAKE": places.folder / "lake",
        "NEXTLOOP_METRICS_FOLDER": places.metrics,
        "NEXTLOOP_ROLLOUT__FOLDER": places.folder / "rollout",
        "NEXTLOOP_SERVING__EVENTS_FOLDER": places.folder / "events",
        "NEXTLOOP_SERVING__KEYS_FILE": places.folder / "api-keys.json",
    }
    if not os.environ.get("NEXTLOOP_PRIVACY__GUEST_KEY"):
        own["NEXTLOOP_PRIVACY__GUEST_KEY_FILE"] = places.folder / "guest.key"
    if "mlflow" not in settings.stack.without.split():
        own |= {
            "NEXTLOOP_MLFLOW__TRACKING_URI": f"http://127.0.0.1:{settings.stack.mlflow_port}",
            "NEXTLOOP_MLFLOW__USERNAME": "nextloop",
            "NEXTLOOP_MLFLOW__MODEL_CACHE": places.folder / "models",
            "NEXTLOOP_MLFLOW__PASSWORD_FILE": places.folder / "mlflow" / "client.password",
        }
    # Flags count more than what is set.
    flags = {
        "NEXTLOOP_STACK__FOLDER": str(places.folder),
        "NEXTLOOP_STACK__WITHOUT": settings.stack.without,
    }
    return {name: _given(name, value) for name, value in own.items()} | flags


def _given(name: str, ours: str | Path) -> str:
    """Return what is set already; a path is meant from here, while parts run in other folders."""
    text = os.environ.get(name)
    if not text:
        return str(ours)
    is_path = isinstance(ours, Path) and "://" not in text
    return str(Path(text).expanduser().absolute()) if is_path else text


@contextmanager
def held(places: Places) -> Iterator[None]:
    """Make the folders, for this user alone, and keep other commands out.

    Raises:
        SystemFault: Another command is at work.
    """
    for name in ("", "logs", "parts", "metrics"):
        (places.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    busy = SystemFault(
        f"Another command is at work on the stack in {places.folder}.", "Wait for it to end."
    )
    with locks.held(places.folder / "lock", lambda _: busy):
        yield
