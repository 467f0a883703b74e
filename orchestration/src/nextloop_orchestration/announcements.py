"""What a run tells the next one, and what it tells people.

Comes in: commands' reports. Goes out: an asset's extra, a skip where there is nothing new to tell,
or the failure that names refused files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

_NAMED = 10


def features_extra(report: Mapping[str, Any], announced: str | None) -> dict[str, Any]:
    """Return what the features asset's update says.

    Args:
        report: Of `nextloop features`.
        announced: The as-of date that the asset's last update told, if there was one.

    Raises:
        AirflowSkipException: Nothing that a training would read is new.
    """
    date = report["as_of"]
    if not report["made"]:
        raise AirflowSkipException(f"The features as of {date} were there already.")
    if announced and date < announced:
        raise AirflowSkipException(
            f"Features as of {announced} are there: those as of {date} change no training."
        )
    return {"as_of": date, "run_id": report["run_id"], "versions": report["versions"]}


def model_extra(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the model asset's update says, from the report of `nextloop train`."""
    return {name: report[name] for name in ("as_of", "best", "versions", "staged")}


def refuse(refused: Sequence[Mapping[str, Any]]) -> None:
    """Fail if files were refused, naming them.

    Raises:
        AirflowFailException: There are some; the others were taken in.
    """
    if not refused:
        return
    named = [
        f"{each['file_name']}: {each['reason']}. {each.get('mend') or ''}".strip()
        for each in refused[:_NAMED]
    ]
    more = [f"... and {len(refused) - _NAMED} more"] if len(refused) > _NAMED else []
    told = (
        f"{len(refused)} of the landing's files cannot be read; the others are taken in. "
        "Ask for the files again or move them away, then run this DAG again."
    )
    raise AirflowFailException("\n".join([told, *named, *more]))
