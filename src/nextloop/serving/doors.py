"""What a serving process has beside its model: who may ask, hotels' rules, a place for events.

In come the settings and whether other machines can reach the process, out go the parts, read and
checked once, and followed while it runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from nextloop.errors import UsageFault
from nextloop.serving.access import Access, Buckets
from nextloop.serving.keys import KeyRing
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
            The parts. Whether keys are asked for is settled here, and stays so.

        Raises:
            UsageFault: A file is wrong, or other machines can reach the process and there is no
                key that could open it.
        """
        keys = Watched(settings.keys_file, KeyRing.read)
        wanted = reachable or settings.keys == "always"
        if wanted and not keys.value.by_hash:
            raise UsageFault(
                f"the API asks callers for keys, and there is none in {settings.keys_file}",
                "Make one: nextloop keys add NAME --hotel 1 (or --all-hotels)",
            )
        rules = Watched(settings.rules_file, Rules.read)
        if settings.rules_file and not settings.rules_file.is_file():
            raise UsageFault(
                f"there is no file of hotels' rules at {settings.rules_file}",
                "Write it, or leave serving.rules_file out; docs/api.md shows one.",
            )
        needed = wanted or bool(keys.value.by_hash)
        access = Access(
            (lambda: keys.value) if needed else None,
            Buckets(settings.rate_per_second, settings.rate_burst),
        )
        spool = Spool(
            settings.events_folder, settings.events_file_bytes, settings.events_file_seconds
        )
        return cls(access, rules, spool, (keys, rules))
