"""`nextloop keys`: who may ask the API, and about which hotels.

Comes in: a name and hotels, or a key's id. Goes out: the new key, shown this once; a list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nextloop.cli import output
from nextloop.cli.options import AsJson
from nextloop.cli.session import begin
from nextloop.errors import UsageFault

if TYPE_CHECKING:
    from nextloop.serving.keys import Key

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke the keys of the API's callers.")

Hotels = Annotated[
    list[int] | None,
    typer.Option(
        "--hotel", help="A hotel it is good for; may be given again.", min=0, max=2**63 - 1
    ),
]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Whose key it is, for the list.")],
    hotel: Hotels = None,
    all_hotels: Annotated[
        bool, typer.Option("--all-hotels", help="Good for every hotel, later ones too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it: only its hash is kept, so it cannot be shown again.

    Example: nextloop keys add front-desk --hotel 1 --hotel 2
    """
    from nextloop.serving import keys

    if bool(hotel) == all_hotels:
        raise UsageFault("say what the key is good for", "Give --hotel NUMBER, or --all-hotels.")
    settings = begin()
    text, key = keys.add(settings.serving.keys_file, name, frozenset(hotel) if hotel else None)
    if as_json:
        output.emit_json({"key": text, **_row(key)})
        return
    output.say(text)
    output.note(
        "Shown this once. Callers send it as `Authorization: Bearer KEY`. An API that runs takes it"
        " within a second, and then asks everybody for one."
    )


@app.command(name="list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys by id; the keys themselves are kept nowhere.

    Example: nextloop keys list
    """
    from nextloop.serving import keys

    rows = [_row(key) for key in keys.listed(begin().serving.keys_file)]
    output.table(rows, ["id", "name", "hotels", "created_at"], as_json=as_json)


@app.command()
def revoke(
    number: Annotated[str, typer.Argument(metavar="ID", help="As `nextloop keys list` shows it.")],
) -> None:
    """Make a key good for nothing; an API that runs refuses it within a second.

    Example: nextloop keys revoke 3fa94c1e
    """
    from nextloop.serving import keys

    key = keys.revoke(begin().serving.keys_file, number)
    output.say(f"Revoked {key.id} ({key.name})")


def _row(key: Key) -> dict[str, Any]:
    hotels = "all" if key.hotels is None else ", ".join(map(str, sorted(key.hotels)))
    return {"id": key.id, "name": key.name, "hotels": hotels, "created_at": key.created_at}
