"""`nextloop train`: models trained on the features, compared, registered, the best staged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextloop.cli import output
from nextloop.cli.options import AsJson, AsOf, LakeFolder, date_of
from nextloop.cli.progress import progress
from nextloop.cli.session import begin

if TYPE_CHECKING:
    from nextloop.jobs.train import TrainReport


Tune = Annotated[
    float | None,
    typer.Option(
        "--tune-seconds",
        help="First look for better settings on the validation weeks, for so long.",
        metavar="SECONDS",
    ),
]


def train(
    as_of: AsOf = None,
    lake: LakeFolder = None,
    tune_seconds: Tune = None,
    as_json: AsJson = False,
) -> None:
    """Train all models on the features as of a date, compare them, register them, stage the best.

    They are compared on the last days, which none of them saw, by ranking the hotel's whole menu
    for each order. Put the best into production with `nextloop models promote staging`.

    Example: nextloop train --lake lake --as-of 2017-12-25
    """
    from nextloop.jobs.train import train as job

    settings = begin({"lake": lake, "recommender.tune_seconds": tune_seconds})
    with progress("train", total=100, unit="%") as step:
        report = job(settings, date_of(as_of) if as_of else None, step.update)
    if as_json:
        output.emit_json(report)
        return
    show(report)
    output.note(
        "Put the best into production: nextloop models promote staging --reason WHY "
        f"--lake {settings.lake}"
    )


def show(report: TrainReport, production: int | None = None) -> None:
    """Print the comparison of a training's models, one row a model.

    Args:
        report: The training's.
        production: The version that is in production by now, if one of them is.
    """
    held = report.split.get("test_orders", 0)
    judged = int(report.metrics[report.best].get("orders", 0))
    shown = f"{judged:,} of {held:,}" if judged < held else f"{held:,}"
    title = f"Models as of {report.as_of}, judged by {shown} orders that none had seen"
    output.table(comparison(report, production), title=title)
    for note in report.notes:
        output.note(note)


def comparison(report: TrainReport, production: int | None = None) -> list[dict[str, Any]]:
    """Return one row a model: its version, state and main metrics."""
    k, rows = report.k, []
    for model, metrics in report.metrics.items():
        version = report.versions[model]
        state = "staging" if version in report.staged else ""
        state = "production" if version == production else state
        shown = {
            f"{label}@{k}": metrics.get(f"{name}_at_{k}")
            for label, name in (
                ("NDCG", "ndcg"),
                ("Recall", "recall"),
                ("MRR", "mrr"),
                ("hit rate", "hit_rate"),
                ("coverage", "coverage"),
            )
        }
        rows.append({"model": model, "version": version, "state": state, **shown})
    return rows
