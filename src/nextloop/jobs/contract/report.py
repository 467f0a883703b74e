"""What a check found, file by file: the report of `contract check`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nextloop.jobs.contract.doubles import Doubled
from nextloop.jobs.contract.terms import Rule


@dataclass(frozen=True)
class Fault:
    """One row that would be rejected.

    Attributes:
        line: Its first line, the header being 1.
        column_number: Of the column at fault in this file, from 1; None if no one column is.
        column: Its name.
        value: What stands there, shortened; what tells of a guest is masked.
        rule: Reason code.
        raw: The row, masked likewise.
    """

    line: int
    column_number: int | None
    column: str | None
    value: str | None
    rule: str
    raw: str


@dataclass
class Oddity:
    """Rows that would get in and be marked: how many, and where the first of them stand."""

    rows: int = 0
    lines: list[int] = field(default_factory=list)


@dataclass
class FileCheck:
    """What would become of one file.

    Attributes:
        file: Its name.
        refused: Why none of its rows would be read.
        same_as: A file before it with the same bytes; then this one would be skipped.
        rows: Rows in it.
        accepted: Of them without a fault.
        rejected: Of them with one.
        reasons: Rejected rows by reason code.
        faults: The first of them.
        flags: Accepted rows by flag.
        unknown_statuses: Words that no setting maps, with their rows; the commonest.
    """

    file: str
    refused: Rule | None = None
    same_as: str | None = None
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    flags: dict[str, Oddity] = field(default_factory=dict)
    unknown_statuses: dict[str, int] = field(default_factory=dict)


@dataclass
class CheckReport:
    """What would become of all files.

    Attributes:
        files: One each.
        doubled_orders: Orders that stand in them more than once; their newest state would count.
        doubled: The first of them.
        rules: The reason codes and flags that were met, in the reader's language.
    """

    files: list[FileCheck] = field(default_factory=list)
    doubled_orders: int = 0
    doubled: list[Doubled] = field(default_factory=list)
    rules: dict[str, Rule] = field(default_factory=dict)

    @property
    def fine(self) -> bool:
        """Whether every row of every file would get in."""
        return not any(file.refused or file.rejected for file in self.files)

    def totals(self) -> dict[str, Any]:
        """Sum up the files: how many, their rows, and the rejected ones by reason."""
        reasons: dict[str, int] = {}
        for file in self.files:
            for code, rows in file.reasons.items():
                reasons[code] = reasons.get(code, 0) + rows
        return {
            "files": len(self.files),
            "refused_files": sum(file.refused is not None for file in self.files),
            "rows": sum(file.rows for file in self.files),
            "accepted": sum(file.accepted for file in self.files),
            "rejected": sum(file.rejected for file in self.files),
            "reasons": reasons,
        }
