"""Listings: names below a prefix, folded at a delimiter, a page at a time."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.gcs.objects import Version


@dataclass
class Page:
    """One page of a listing."""

    versions: list[Version] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    token: str = ""


@dataclass(frozen=True)
class Listing:
    """What is asked of a listing.

    Attributes:
        prefix: What the names begin with.
        delimiter: Names that go on after it become one prefix.
        limit: Names and prefixes a page.
        start: The first name that may be listed.
        end: The first name that may not.
        after: Only names behind this one.
        token: Where the page before ended.
        with_markers: Whether a name that ends in the delimiter is listed beside its prefix.
    """

    prefix: str = ""
    delimiter: str = ""
    limit: int = 1000
    start: str = ""
    end: str = ""
    after: str = ""
    token: str = ""
    with_markers: bool = False

    def page(self, versions: Sequence[Version]) -> Page:
        """List a page of objects that stand in the order of their names."""
        page, last = Page(), ""
        reached = base64.urlsafe_b64decode(self.token).decode()
        for version in versions:
            folded = self._folded(version.name)
            key = folded or version.name
            marker = self.with_markers and version.name == folded
            if not self._wants(version.name) or key <= max(self.after, reached):
                continue
            if folded and folded == last and not marker:
                continue
            if len(page.versions) + len(page.prefixes) >= self.limit:
                page.token = base64.urlsafe_b64encode(last.encode()).decode()
                break
            if folded and folded != last:
                page.prefixes.append(folded)
            if marker or not folded:
                page.versions.append(version)
            last = key
        return page

    def _wants(self, name: str) -> bool:
        return (
            name.startswith(self.prefix)
            and name >= self.start
            and (not self.end or name < self.end)
        )

    def _folded(self, name: str) -> str:
        """The prefix that stands for a name, if it goes on after the delimiter."""
        if not self.delimiter or not name.startswith(self.prefix):
            return ""
        head, cut, _ = name[len(self.prefix) :].partition(self.delimiter)
        return self.prefix + head + cut if cut else ""
