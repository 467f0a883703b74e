"""Where a rollout's things lie, and who may be at work there.

Comes in: the settings. Goes out: paths in one private folder, and a lock on it that the system
frees when its holder dies.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from nextloop import locks
from nextloop.errors import SystemFault, UsageFault
from nextloop.settings import RolloutSettings

SLOTS: Final = ("blue", "green")
# Linux: sockaddr_un.sun_path holds 108 bytes with the closing NUL (man 7 unix).
_LONGEST_UNIX_PATH: Final = 107


@dataclass(frozen=True)
class Places:
    """Paths of a rollout.

    Attributes:
        folder: Of all of them.
    """

    folder: Path

    @property
    def sockets(self) -> Path:
        """What slots and proxy share."""
        return self.folder / "run"

    @property
    def link(self) -> Path:
        """The link that the proxy follows for every request."""
        return self.sockets / "live.sock"

    @property
    def nginx(self) -> Path:
        """Nginx's own folder."""
        return self.folder / "nginx"

    @property
    def access_log(self) -> Path:
        """One line of JSON a request."""
        return self.nginx / "access.log"

    @property
    def history(self) -> Path:
        """What was done here, a line each."""
        return self.folder / "history.jsonl"

    def socket(self, slot: str) -> Path:
        """Where a slot listens."""
        return self.sockets / f"{slot}.sock"

    def record(self, slot: str) -> Path:
        """What a slot was started as."""
        return self.folder / "slots" / f"{slot}.json"

    def excerpt(self, slot: str) -> Path:
        """What a slot in a container sees of a lake in a bucket."""
        return self.folder / "lakes" / slot

    def log(self, slot: str) -> Path:
        """What a slot writes."""
        return self.folder / "logs" / f"{slot}.log"

    def golden(self, digest: str) -> Path:
        """What a model answered when it was first released."""
        return self.folder / "golden" / f"{digest}.json"


def places_of(settings: RolloutSettings) -> Places:
    """Find the places that the settings name.

    Raises:
        UsageFault: The folder's path is too long for sockets in it.
    """
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    places = Places((settings.folder or Path(base) / "nextloop" / "rollout").absolute())
    longest = max((places.socket(slot) for slot in SLOTS), key=lambda path: len(os.fsencode(path)))
    if len(os.fsencode(longest)) > _LONGEST_UNIX_PATH:
        raise UsageFault(
            f"The socket {longest} has a path of more than {_LONGEST_UNIX_PATH} bytes.",
            "Set NEXTLOOP_ROLLOUT__FOLDER to a shorter one, such as /run/nextloop.",
        )
    return places


def prepare(places: Places) -> None:
    """Make the folders, for this user alone.

    Raises:
        UsageFault: The folder is somebody else's.
    """
    for name in ("", "run", "slots", "lakes", "logs", "golden", "nginx", "nginx/temp"):
        (places.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    found = places.folder.stat()
    if found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise UsageFault(
            f"Others may write to {places.folder}, and so say what is started from there.",
            f"chmod go-w {places.folder}, or set NEXTLOOP_ROLLOUT__FOLDER to another.",
        )


@contextmanager
def held(places: Places, command: str) -> Iterator[None]:
    """Keep other commands out while this one changes something.

    Args:
        places: Of the rollout.
        command: What the others are told.

    Raises:
        SystemFault: Another command is at work; it is named.
    """
    prepare(places)

    def busy(owner: str) -> SystemFault:
        return SystemFault(
            f"Another command is at work in {places.folder}: {_owner(owner)}.",
            "Wait for it to end. If it hangs, end that process: the lock goes with it.",
        )

    with locks.held(places.folder / "lock", busy) as lock:
        lock.truncate(0)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump({"pid": os.getpid(), "command": command, "since": since}, lock)
        lock.flush()
        yield


def _owner(text: str) -> str:
    try:
        owner = json.loads(text)
        return f"{owner['command']}, process {owner['pid']}, since {owner['since']}"
    except (ValueError, KeyError, TypeError):
        return "one that has just begun"


def write_whole(path: Path, content: str) -> None:
    """Write a file so that readers, and a crash, leave the old one or the new one."""
    draft = path.with_name(f"{path.name}.new")
    with draft.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync(path.parent)


def sync(folder: Path) -> None:
    """Wait until the disk knows which files a folder has."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
