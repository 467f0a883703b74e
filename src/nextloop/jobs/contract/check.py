"""What ingest would say of files that are not sent yet: the same reader, nothing stored.

In: files. Out: `CheckReport`. A file is gone through block by block, so that its size does not
matter; only the first faults are kept, the rest is counted.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nextloop.jobs.contract.doubles import Doubles
from nextloop.jobs.contract.inputs import PIPE, Given, given
from nextloop.jobs.contract.report import CheckReport, Fault, FileCheck, Oddity
from nextloop.jobs.contract.terms import Rule
from nextloop.jobs.progress import Progress
from nextloop.jobs.reading import rules_of
from nextloop.orders.reader import check_file, read_rows
from nextloop.orders.reasons import FLAGS, REASONS, Language
from nextloop.orders.refusals import FileFault, in_another_encoding
from nextloop.orders.rows import Rules, Source
from nextloop.settings import Settings
from nextloop.storage.landing import SUFFIXES

_NO_KEY: Final = b"guests are not told apart here"
_ODD_LINES: Final = 3
_STATUS_WORDS: Final = 10
_STATUS_CHARACTERS: Final = 40


def check(
    places: Sequence[str],
    settings: Settings,
    language: Language = "en",
    limit: int = 20,
    progress: Progress = lambda *_: None,
) -> CheckReport:
    """Find out what would become of files.

    Args:
        places: Files, folders, `gs://` addresses, or `-` for standard input.
        settings: How rows are read.
        language: Of the rules in the report.
        limit: How many rejected rows of each file to describe.
        progress: Told (files done, files, file and rows).

    Returns:
        Every file with its counts; faults are in it, none is raised.

    Raises:
        UsageFault: There is no such file.
        DataFault: A folder holds no order file.
    """
    report = CheckReport()
    with given(places) as files, tempfile.TemporaryDirectory(prefix="nextloop-check-") as scratch:
        doubles, contents = Doubles(Path(scratch)), _Contents(files)
        rules = rules_of(settings, _NO_KEY)
        for number, file in enumerate(files):

            def tell(rows: int, number: int = number, name: str = file.name) -> None:
                progress(number, len(files), f"{name}: {rows:,} rows")

            try:
                found = _File(FileCheck(file.name), rules, limit, doubles, tell)
                found.take(file, contents)
                report.files.append(found.check)
            except FileFault as fault:
                refused = Rule(fault.code, *vars(fault.said(language)).values())
                report.files.append(FileCheck(file.name, refused))
        progress(len(files), len(files), "")
        report.doubled_orders, report.doubled = doubles.found(min(limit, _ODD_LINES))
    report.rules = _rules_met(report, language)
    return report


class _Contents:
    """Tells whether a file's bytes came before; reads only files whose sizes are equal."""

    def __init__(self, files: Sequence[Given]) -> None:
        self._sizes = Counter(file.size for file in files)
        self._seen: dict[str, str] = {}

    def before(self, file: Given, path: Path) -> str | None:
        """Return the name of the file that had the same bytes."""
        if self._sizes[file.size] < 2:  # noqa: PLR2004 it is alone
            return None
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        first = self._seen.setdefault(digest, file.name)
        return None if first == file.name else first


@dataclass
class _File:
    """One file's check while it is made."""

    check: FileCheck
    rules: Rules
    limit: int
    doubles: Doubles
    tell: Callable[[int], None]

    def take(self, file: Given, contents: _Contents) -> None:
        """Go through the file, unless it is refused or came before."""
        self.tell(0)
        if file.name != PIPE and not file.name.lower().endswith(SUFFIXES):
            raise FileFault("file_name")
        with file.opened() as path:
            self.check.same_as = contents.before(file, path)
            if not self.check.same_as:
                self._read(path)

    def _read(self, path: Path) -> None:
        found, header = self.check, check_file(str(path), self.rules)
        reasons: Counter[str] = Counter()
        statuses: Counter[str] = Counter()
        for rows in read_rows(str(path), Source(found.file, 1, ""), self.rules):
            found.rows += rows.records
            found.accepted += len(rows.accepted)
            found.rejected += len(rows.rejected)
            reasons.update(rows.rejected["reason"].to_pylist())
            first = rows.rejected.sort_by("line_number").slice(0, self.limit - len(found.faults))
            found.faults += [_fault(row, header) for row in first.to_pylist()]
            _count_flags(rows.accepted, found, statuses)
            self.doubles.add(found.file, rows.accepted)
            self.tell(found.rows)
        if fault := in_another_encoding(found.rows, reasons):
            raise fault
        found.reasons = dict(reasons.most_common())
        found.unknown_statuses = dict(statuses.most_common(_STATUS_WORDS))


def _fault(row: dict[str, str], header: Sequence[str]) -> Fault:
    column = row["column"]
    return Fault(
        line=int(row["line_number"]),
        column_number=header.index(column) + 1 if column else None,
        column=column,
        value=row["value"],
        rule=row["reason"],
        raw=row["raw"],
    )


def _count_flags(accepted: pa.Table, found: FileCheck, statuses: Counter[str]) -> None:
    flags = accepted["flags"].combine_chunks()
    codes, rows = flags.flatten(), np.asarray(pc.list_parent_indices(flags))
    lines = np.asarray(accepted["line_number"])
    for code in pc.unique(codes).to_pylist():
        marked = rows[np.asarray(pc.equal(codes, code))]
        odd = found.flags.setdefault(code, Oddity())
        odd.rows += len(marked)
        odd.lines += lines[marked[: _ODD_LINES - len(odd.lines)]].tolist()
        if code == "unknown_status":
            words = pc.utf8_slice_codeunits(
                accepted["status"].take(pa.array(marked)), 0, _STATUS_CHARACTERS
            )
            statuses.update(
                {each["values"]: each["counts"] for each in pc.value_counts(words).to_pylist()}
            )


def _rules_met(report: CheckReport, language: Language) -> dict[str, Rule]:
    """Return the words of every code that is in the report, in the contract's order."""
    met = {code for file in report.files for code in (*file.reasons, *file.flags)}
    return {
        code: Rule(code, *vars(reason.said(language)).values())
        for code, reason in (REASONS | FLAGS).items()
        if code in met
    }
