"""Whether a batch is published: its rules applied to what was written and does not show yet.

In: the files' reports, the written data files, the table before. Out: findings; one whose rule is
set to `stop` ends the run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow.compute as pc

from nextloop.errors import DataFault
from nextloop.jobs.ingest.context import Run
from nextloop.jobs.ingest.rules import RULES, Batch
from nextloop.orders.file_report import FileReport
from nextloop.settings import BatchSettings, variable
from nextloop.storage import delta
from nextloop.storage.slices import SliceFile, read_slice
from nextloop.tables import ORDERS
from nextloop.telemetry import logs


@dataclass(frozen=True)
class Finding:
    """What a rule found odd about a batch.

    Attributes:
        rule: Its setting, such as `volume`.
        level: `warn` or `stop`.
        message: In words.
        values: In numbers.
    """

    rule: str
    level: str
    message: str
    values: dict[str, Any] = field(default_factory=dict)


def judge(
    run: Run,
    files: Sequence[FileReport],
    written: Sequence[SliceFile],
    emptied: Collection[str],
    settings: BatchSettings,
) -> list[Finding]:
    """Apply the rules to a batch.

    Args:
        run: The run.
        files: Reports of its new files.
        written: The data files of `orders` that it would publish, one a week.
        emptied: Weeks that would have no orders any more.
        settings: The rules' levels and bounds.

    Returns:
        What is odd, rule by rule.

    Raises:
        DataFault: A rule that is set to `stop` found something.
    """
    batch = _batch(run, files, written, emptied)
    found = [
        Finding(name, level, *odd)
        for name, rule in RULES.items()
        if (level := getattr(settings, name)) != "off"
        for odd in rule(batch, settings)
    ]
    log = logs.get(__name__)
    for each in found:
        log.info("odd batch", rule=each.rule, level=each.level, run_id=run.run_id, **each.values)
    stopping = [each for each in found if each.level == "stop"]
    if stopping:
        raise _stopped(stopping)
    return found


def _stopped(found: Sequence[Finding]) -> DataFault:
    told = "; ".join(each.message for each in found)
    allowed = " ".join(
        f"{variable(f'batch.{rule}')}=warn" for rule in dict.fromkeys(each.rule for each in found)
    )
    return DataFault(
        f"The batch was stopped and nothing was published: {told}.",
        f"Look at its files. To take them in all the same, run it again with {allowed}",
    )


def _batch(
    run: Run, files: Sequence[FileReport], written: Sequence[SliceFile], emptied: Collection[str]
) -> Batch:
    adds = delta.slices(run.lake, ORDERS, run.plan.versions[ORDERS.name])
    before = {add["min.order_week"]: add["num_records"] for add in adds}
    paths = {add["min.order_week"]: add["path"] for add in adds}
    after = before | {dt.date.fromisoformat(file.value): file.rows for file in written}
    paths |= {dt.date.fromisoformat(file.value): file.path for file in written}
    for week in emptied:
        after.pop(dt.date.fromisoformat(week), None)
    folder = run.lake.folder(ORDERS.name)

    def hotels(weeks: Collection[dt.date]) -> Mapping[dt.date, set[int]]:
        return {week: _hotels(f"{folder}/{paths[week]}") for week in weeks if week in after}

    read = [file for file in files if file.refused is None]
    return Batch(read, before, after, hotels, run.plan.faulty)


def _hotels(path: str) -> set[int]:
    return set(pc.unique(read_slice(path, ["hotel_seq"])["hotel_seq"]).to_pylist())
