"""What `nextloop rejects list` and `show` tell; nothing is written.

In: a lake. Out: counts by file, reason and state; rows with their rule in a language.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nextloop.errors import UsageFault
from nextloop.events.reasons import EVENT_REASONS
from nextloop.jobs.rejects.rows import (
    MENDED,
    OPEN,
    ledger_rows,
    newest_revisions,
    rejected_rows,
)
from nextloop.orders.reasons import REASONS, Language
from nextloop.settings import Settings
from nextloop.storage.lake import open_lake

STATES = (OPEN, MENDED)
_REASONS = {**REASONS, **EVENT_REASONS}


def overview(settings: Settings) -> dict[str, Any]:
    """Count rejected rows.

    Returns:
        `rejects`: one entry a file's content and reason with the rows that are open and mended;
        `refused`: files that were refused whole, and whether their name came in later.
    """
    lake = open_lake(settings.lake)
    rows = rejected_rows(lake, ("reason",))
    columns = ("file_name", "file_revision", "reason", "state")
    counts = Counter(zip(*(rows[name].to_pylist() for name in columns), strict=True))
    groups = sorted({key[:3] for key in counts})
    rejects = [
        {
            "file": name,
            "revision": revision,
            "reason": reason,
            "rows": sum(counts[name, revision, reason, state] for state in STATES),
            **{state: counts[name, revision, reason, state] for state in STATES},
        }
        for name, revision, reason in groups
    ]
    return {"rejects": rejects, "refused": _refused(ledger_rows(lake))}


def _refused(ledger: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    contents = {row["file_sha256"] for row in ledger if row["outcome"] == "ingested"}
    newest = newest_revisions(ledger)
    return [
        {
            "file": row["file_name"],
            "revision": row["file_revision"],
            "refused": row["reason"],
            "state": MENDED
            if row["file_sha256"] in contents
            or newest.get(row["file_name"], 0) > row["file_revision"]
            else OPEN,
        }
        for row in sorted(ledger, key=lambda row: (row["file_name"], row["file_revision"]))
        if row["outcome"] == "refused"
    ]


def show(
    settings: Settings,
    file: str | None = None,
    reason: str | None = None,
    state: str | None = None,
    limit: int = 20,
    language: Language = "en",
) -> dict[str, Any]:
    """Describe rejected rows, by file and line.

    Args:
        settings: Where the lake is.
        file: Of this file only.
        reason: With this reason code only.
        state: `open` or `mended` only.
        limit: How many to describe; all are counted.
        language: Of the rules' words.

    Raises:
        UsageFault: No such file has rejected rows, or there is no such reason or state.
    """
    found = rejected_rows(open_lake(settings.lake))
    if file is not None:
        _check(file, set(found["file_name"].to_pylist()), "No rejected row came from the file")
    if reason is not None:
        _check(reason, set(_REASONS), "There is no reason")
    if state is not None:
        _check(state, set(STATES), "There is no state")
    for column, wanted in (("file_name", file), ("reason", reason), ("state", state)):
        if wanted is not None:
            found = found.filter(pc.equal(found[column], wanted))
    return {
        "rows": len(found),
        "shown": [_row(row, language) for row in _first(found, limit)],
    }


def _first(rows: pa.Table, limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rows.slice(0, limit).to_pylist()
    return found


def _row(row: dict[str, Any], language: Language) -> dict[str, Any]:
    said = _REASONS[row["reason"]].said(language)
    return {
        "file": row["file_name"],
        "revision": row["file_revision"],
        "line": row["line_number"],
        "hotel_seq": row["hotel_seq"],
        "order_seq": row["order_seq"],
        "column": row["column"],
        "value": row["value"],
        "rule": row["reason"],
        "wrong": said.wrong,
        "mend": said.mend,
        "state": row["state"],
        "raw": row["raw"],
    }


def _check(given: str, known: set[str], what: str) -> None:
    if given in known:
        return
    near = difflib.get_close_matches(given, known, n=1)
    few = ", ".join(sorted(known)[:12]) or "none"
    hint = f"Did you mean {near[0]}?" if near else f"There are: {few}."
    raise UsageFault(f"{what} {given}.", hint)
