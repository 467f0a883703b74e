"""`nextloop features`: the feature tables as of a date."""

from __future__ import annotations

from nextloop.cli import output
from nextloop.cli.options import AsJson, AsOf, LakeFolder, date_of
from nextloop.cli.progress import progress
from nextloop.cli.session import begin


def features(as_of: AsOf = None, lake: LakeFolder = None, as_json: AsJson = False) -> None:
    """Make interactions, item_features, guest_features, item_pairs and hotel_demand as of a date.

    Nothing that happened after that date, by the hotel's clock, is in them. Without a date, it is
    that of the newest order.

    Example: nextloop features --lake lake --as-of 2017-12-25
    """
    from nextloop.jobs.features import features as job
    from nextloop.jobs.features import newest_date

    settings = begin({"lake": lake})
    date = date_of(as_of) if as_of else newest_date(settings)
    with progress("features", unit="tables") as step:
        report = job(settings, date, progress=step.update)
    if as_json:
        output.emit_json(report)
        return
    counted = ", ".join(f"{name} {rows:,}" for name, rows in report.rows.items())
    made = "" if report.made else " (already there, nothing to do)"
    output.say(f"Features as of {report.as_of}{made}: {counted} rows")
