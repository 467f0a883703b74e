"""How commands speak: results on standard output, progress and notes on standard error.

Comes in: reports and rows. Goes out: tables for people, JSON for machines (`--json`), nothing but
results with `--quiet`. `NO_COLOR` is honoured. Bars and step lines are in `cli.progress`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

if TYPE_CHECKING:
    from rich.console import Console

# Room for a table when output goes to a file or a pipe, where there is no width to fit.
_PLAIN_WIDTH = 120
# Above this, decimals of a measured value are noise.
_WHOLE_FROM = 1_000

_quiet = False


def set_quiet(quiet: bool) -> None:
    """Say for the whole process whether notes and progress are wanted.

    Args:
        quiet: True leaves only results, warnings and errors.
    """
    global _quiet  # noqa: PLW0603 one process, one standard error
    _quiet = quiet


def is_quiet() -> bool:
    """Tell whether only results are wanted."""
    return _quiet


def emit(report: object, as_json: bool = False, title: str = "") -> None:
    """Print a command's result.

    Args:
        report: A mapping, dataclass or pydantic model; nested ones are shown with dotted names.
        as_json: True prints the report as one JSON document instead.
        title: Stands above the table.
    """
    if as_json:
        emit_json(report)
        return
    from rich.table import Table

    grid = Table(title=title or None, title_justify="left", show_header=False, box=None)
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in _flat(plain(report)):
        grid.add_row(name, _cell(value))
    console().print(grid)


def emit_json(value: object) -> None:
    """Print a value as one JSON document.

    Args:
        value: Anything that `plain` can turn into data.
    """
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
    sys.stdout.write(orjson.dumps(plain(value), default=str, option=options).decode() + "\n")


def table(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str] | None = None,
    title: str = "",
    as_json: bool = False,
) -> None:
    """Print rows under their column names.

    Args:
        rows: One mapping a row.
        columns: Which values, in this order; those of the first row when left out.
        title: Stands above the table.
        as_json: True prints the rows as a JSON array instead.
    """
    if as_json:
        emit_json(rows)
        return
    from rich import box
    from rich.table import Table

    names = list(columns or (rows[0] if rows else ()))
    grid = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD)
    for name in names:
        numbers = all(isinstance(row.get(name), int | float | None) for row in rows)
        grid.add_column(name, justify="right" if numbers and rows else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(_cell(row.get(name)) for name in names))
    console().print(grid)


def say(text: str) -> None:
    """Print a line of the result.

    Args:
        text: The line; brackets in it are no markup.
    """
    console().print(text, markup=False, highlight=False, soft_wrap=True)


def note(text: str) -> None:
    """Tell something by the way, on standard error; silent with --quiet.

    Args:
        text: One line.
    """
    if not _quiet:
        _line(text)


def warn(text: str) -> None:
    """Tell something that the reader should look at, on standard error, also with --quiet.

    Args:
        text: One line.
    """
    _line(f"warning: {text}")


def console(stream: TextIO | None = None) -> Console:
    """Make a rich console that fits the stream.

    Args:
        stream: Standard output when left out.

    Returns:
        A console without automatic highlighting and without markup.
    """
    from rich.console import Console

    target = stream or sys.stdout
    width = None if target.isatty() else _PLAIN_WIDTH
    made = Console(file=target, width=width, highlight=False, markup=False, emoji=False)
    made.on_broken_pipe = _raise_again  # type: ignore[method-assign]
    return made


def printable(text: str) -> str:
    """Return a file's text without what a terminal would obey: control and direction signs.

    Args:
        text: Whatever a file, its name or a value holds.
    """
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def _raise_again() -> NoReturn:
    """Leave a broken pipe to `cli.app`: rich would put another file in its output's place."""
    raise  # noqa: PLE0704 rich calls this where it has caught one


def plain(value: object) -> Any:
    """Turn a report into dicts, lists and scalars.

    Args:
        value: A dataclass, pydantic model, mapping, sequence or scalar.

    Returns:
        The same as plain data; keys are text, paths are text.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if hasattr(value, "model_dump"):
        return plain(value.model_dump())
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def _flat(values: Any, before: str = "") -> list[tuple[str, Any]]:
    if not isinstance(values, Mapping):
        return [(before, values)]
    rows: list[tuple[str, Any]] = []
    for name, value in values.items():
        dotted = f"{before}.{name}" if before else str(name)
        rows += _flat(value, dotted) if isinstance(value, Mapping) and value else [(dotted, value)]
    return rows


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(_cell(each) for each in value) or "-"
    return str(value)


def _line(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
