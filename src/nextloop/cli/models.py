"""`nextloop models`: which versions there are, which one is in production, and how that came."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nextloop.cli import model_trials, output
from nextloop.cli.model_trials import Version
from nextloop.cli.options import AsJson, LakeFolder
from nextloop.cli.session import begin

app = typer.Typer(
    no_args_is_help=True,
    help="Model versions: list, show, compare, stage, promote, rollback, history, reconcile, "
    "reproduce.",
    rich_markup_mode="markdown",
)
app.command()(model_trials.compare)
app.command()(model_trials.reproduce)
Why = typer.Option("--reason", help="Why, for those who read the history.")


@app.command("list")
def list_versions(lake: LakeFolder = None, as_json: AsJson = False) -> None:
    """List the versions with their state and how they were measured, newest first.

    Example: nextloop models list --lake lake
    """
    from nextloop.registry.overview import listed

    rows = listed(begin({"lake": lake}))
    if as_json:
        output.emit_json(rows)
        return
    output.table([_short(row) for row in rows])


@app.command()
def show(version: Version, lake: LakeFolder = None, as_json: AsJson = False) -> None:
    """Show one version: metrics, parameters, what it was made from, its files, its history.

    Example: nextloop models show production
    """
    from nextloop.registry.overview import described

    output.emit(described(begin({"lake": lake}), version), as_json=as_json)


@app.command()
def stage(
    best: Annotated[
        int | None, typer.Option("--best", min=1, max=100, help="How many at most.")
    ] = None,
    lake: LakeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Stage the best versions of the newest training that pass the gate.

    Example: nextloop models stage --best 3
    """
    from nextloop.registry.lifecycle import stage_best

    _told(stage_best(begin({"lake": lake}), best), as_json=as_json)


@app.command()
def promote(
    version: Version,
    reason: Annotated[str, Why],
    lake: LakeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Put a version into production if it passes every examination; the present one is archived.

    It must be no worse than popularity, and than the present one by no more than the setting
    registry.production_margin; small and quick enough; and sane in golden cases.

    Example: nextloop models promote 4 --reason "better on the holdout of week 51"
    """
    from nextloop.jobs import promotion

    _told(promotion.promote(begin({"lake": lake}), version, reason), as_json=as_json)


@app.command()
def rollback(
    to: Annotated[
        int | None, typer.Option("--to", min=1, help="A version; the one before if left out.")
    ] = None,
    reason: Annotated[str, Why] = "rollback",
    lake: LakeFolder = None,
    as_json: AsJson = False,
) -> None:
    """Put the version that was in production before back.

    Example: nextloop models rollback --reason "breakfast offers look wrong"
    """
    from nextloop.registry import lifecycle

    _told(lifecycle.rollback(begin({"lake": lake}), to, reason), as_json=as_json)


@app.command()
def history(lake: LakeFolder = None, as_json: AsJson = False) -> None:
    """Show every change of a version's state, the newest first.

    Example: nextloop models history
    """
    from nextloop.registry import lifecycle

    entries = list(reversed(lifecycle.history(begin({"lake": lake}))))
    if as_json:
        output.emit_json(entries)
        return
    if not entries:
        output.say("No version was staged or promoted yet.")
        return
    output.table(
        [
            {
                "no": entry.sequence,
                "at (UTC)": f"{entry.at:%Y-%m-%d %H:%M:%S}",
                "action": entry.action,
                "version": entry.version,
                "before": entry.previous_version,
                "model": entry.model,
                "by": entry.by,
                "reason": entry.reason,
            }
            for entry in entries
        ]
    )


@app.command()
def reconcile(lake: LakeFolder = None, as_json: AsJson = False) -> None:
    """Make MLflow's alias and tags equal to the ledger again.

    Example: nextloop models reconcile
    """
    from nextloop.registry import lifecycle

    repairs = lifecycle.reconcile(begin({"lake": lake}))
    if as_json:
        output.emit_json({"repairs": repairs})
        return
    for repair in repairs or ["MLflow says what the ledger says: nothing to repair."]:
        output.say(repair)


def _short(row: dict[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in row.items() if key not in {"gate", "digest"}}
    created = f"{row['created_at']:%Y-%m-%d %H:%M}"
    return shown | {"created_at": created, "digest": row["digest"][:12]}


def _told(outcome: Any, *, as_json: bool) -> None:
    if as_json:
        output.emit_json(outcome)
        return
    output.say(outcome.message)
    if outcome.staged:
        output.say(f"Staged: {', '.join(map(str, outcome.staged))}.")
