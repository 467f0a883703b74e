"""What a serving process has beside its model: who may ask, hotels' rules, a place for events.

In come the settings and whether other machines can reach the process, out go the parts, read and
checked once, and followed while it runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from nextloop.errors import UsageFault
from nextloop.serving.access import Access, Buckets
from nextloop.serving.keys import KeyRing, check_private
from nextloop.serving.rules import Rules
from nextloop.serving.spool import Spool
from nextloop.serving.watched import Refreshing, Watched
from nextloop.settings import ServingSettings


@dataclass(frozen=True)
class Doors:
    """The parts.

    Args:
        access: Whom the process answers.
        rules: Hotels' rules.
        spool: Keeps events.
        files: What is to be watched for changes.
    """

    access: Access
    rules: Watched[Rules]
    spool: Spool
    files: Sequence[Refreshing]

    @classmethod
    def of(cls, settings: ServingSettings, *, reachable: bool) -> Self:
        """Read the files.

        Args:
            settings: Where they are, and the limits.
            reachable: Whether other machines can reach the process: then it never answers
                without a key.

        Returns:
            The parts. A process that asks for keys never stops asking; one that does not begins
            when the first key is made.

        Raises:
            UsageFault: A file is wrong, or other machines can reach the process and there is no
                key that could open it.
        """
        check_private(settings.keys_file)
        keys = Watched(settings.keys_file, KeyRing.read)
        wanted = reachable or settings.keys == "always"
        if wanted and not keys.value.by_hash:
            raise UsageFault(
                f"the API asks callers for keys, and there is none in {settings.keys_file}",
                "Make one: nextloop keys add NAME --hotel 1 (or --all-hotels)",
            )
        rules = Watched(settings.rules_file, partial(_rules, settings.rules_file))
        buckets = Buckets(settings.rate_per_second, settings.rate_burst)
        access = Access(_Asked(keys, at_once=wanted), buckets)
        spool = Spool(
            settings.events_folder, settings.events_file_bytes, settings.events_file_seconds
        )
        return cls(access, rules, spool, (keys, rules))


class _Asked:
    """Gives the keys that are good now, once there was one or they are wanted at once."""

    def __init__(self, keys: Watched[KeyRing], *, at_once: bool) -> None:
        self.keys, self.begun = keys, at_once or bool(keys.value.by_hash)

    def __call__(self) -> KeyRing | None:
        ring = self.keys.value
        self.begun = self.begun or bool(ring.by_hash)
        return ring if self.begun else None


def _rules(path: Path | None, content: bytes | None) -> Rules:
    """Read the rules; a file that vanishes is no wish to have none."""
    if path is not None and content is None:
        raise UsageFault(
            f"there is no file of hotels' rules at {path}",
            "Write it (an empty one has no rules), or leave serving.rules_file out; docs/api.md.",
        )
    return Rules.read(content)
