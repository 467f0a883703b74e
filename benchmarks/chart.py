"""docs/benchmarks.md and its picture, from what the benchmarks of ingest have measured.

    python benchmarks/chart.py [--check]

In: `benchmarks/results/etl.json` and `etl-week.json`. Out: the page and `docs/pictures/etl.svg`;
with --check nothing is written, and the exit code tells whether they are current.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from etl import NAMES, ratios
from nextloop.jobs.report.drawing import COLOURS, FONT, WIDTH, frame, number, text
from nextloop.jobs.report.markup import Markup, tag

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
STYLE: Final = """
svg { font-family: system-ui, sans-serif; background: #ffffff; }
text { font-size: 13px; fill: #57606a; } .grid { stroke: #d5d9df; } .line { fill: none; }
.line { stroke-width: 2; }
.s0 { stroke: #0072b2; } circle.s0 { fill: #0072b2; } .s1 { stroke: #cc7c00; }
circle.s1 { fill: #cc7c00; } .s2 { stroke: #009e73; } circle.s2 { fill: #009e73; }
.s3 { stroke: #c4588f; } circle.s3 { fill: #c4588f; }
"""
PAGE: Final = """\
# What was measured of ingest

<!-- Written by `python benchmarks/chart.py` from benchmarks/results/. -->

Simulated hotels, 12 weekly files. Each figure is a rival's best of the rounds in which all take
turns; every rival is a process of its own, its start-up included, and must come to the same orders,
lines and revenue. Only ratios within one run mean something: `make bench` measures them on your
machine. Versions: {versions}.

![Seconds by number of orders, both logarithmic](pictures/etl.svg)

- **Floor**: one hand-written DuckDB query. It does less than ingest: no rejected rows, no guest
  keys, no ledger, nothing published at once.
- **Naive job**: what people write first in Apache Spark: schema inference, a Python function for
  the JSON, a count after each step.
- **GiB**: the most memory that all processes of a rival had together, shared pages counted once.

{sizes}## A week on top of two years

A lake was filled week by week, {orders_a_week:,} orders each, and kept aside on the way; then one
more week was taken in (`.venv-dev/bin/python benchmarks/etl_week.py`). Files opened: of the
landing, by the run.

| weeks before | rows | files opened | ingest: s | CPU s | x first | features: s | CPU s | x first |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|
{weeks}
Ingest reads the new file, and of the tables the weeks that its orders belong to. Features are as of
a date and over all history, so they grow with it.
"""


def main() -> None:
    """Write the page and the picture, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="only tell whether they are current")
    only_check = parser.parse_args().check
    sizes = json.loads((HERE / "results" / "etl.json").read_text("utf-8"))
    weeks = json.loads((HERE / "results" / "etl-week.json").read_text("utf-8"))
    made = {
        DOCS / "pictures" / "etl.svg": picture(sizes),
        DOCS / "benchmarks.md": page(sizes, weeks),
    }
    for path, content in made.items():
        if not only_check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != content:
            sys.exit(f"{path} is not what the results say: run {sys.executable} {sys.argv[0]}")


def page(report: Mapping[str, Any], week: Mapping[str, Any]) -> str:
    """Return the page as Markdown."""
    found = report["versions"]
    return PAGE.format(
        versions=", ".join(f"{name} {version}" for name, version in found.items()),
        sizes="".join(_sizes(report)),
        orders_a_week=week["orders_a_week"],
        weeks="".join(_weeks(week)),
    )


def _sizes(report: Mapping[str, Any]) -> Iterator[str]:
    before: dict[str, float] = {}
    for size in report["sizes"].values():
        made, best = size["made"], size["best"]
        rounds = max(map(len, size["runs"].values()))
        told = f"{rounds} rounds" if rounds > 1 else "one round"
        yield f"## {made['orders']:,} orders, {made['lines']:,} lines, {told}\n\n"
        yield "| | seconds | CPU seconds | GiB | times the floor | faster than naive | growth |\n"
        yield "|---|--:|--:|--:|--:|--:|--:|\n"
        for name, figures in best.items():
            values = (*figures.values(), *ratios(name, best, before))
            cells = " | ".join("" if one is None else f"{one:.2f}" for one in values)
            yield f"| {NAMES[name]} | {cells} |\n"
        yield "\n"
        before = {name: figures["seconds"] for name, figures in best.items()}


def _weeks(week: Mapping[str, Any]) -> Iterator[str]:
    first: Mapping[str, Any] = {}
    for weeks, one in week["weeks"].items():
        first = first or one
        cells = [weeks, f"{one['rows']:,}", str(one["files_opened"])]
        for job in ("ingest", "features"):
            seconds = one[job]["seconds"]
            cells += [f"{seconds:.2f}", f"{one[job]['cpu_seconds']:.2f}"]
            cells.append(f"{seconds / first[job]['seconds']:.2f}")
        yield f"| {' | '.join(cells)} |\n"


def picture(report: Mapping[str, Any]) -> str:
    """Draw every rival's seconds by orders, both axes logarithmic, as a file of its own."""
    sizes = {int(size): found["best"] for size, found in report["sizes"].items()}
    points = {
        name: [(size, best[name]["seconds"]) for size, best in sizes.items() if name in best]
        for name in NAMES
    }
    words = "Seconds by number of orders, start-up included, both axes logarithmic"
    chart = frame("etl", "Ingest and its rivals", words, 330, *_marks(points, list(sizes)))
    style = tag("style", Markup(STYLE))
    return chart.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(
        "</title>", f"</title>{style}", 1
    )


def _marks(points: Mapping[str, Sequence[tuple[float, float]]], sizes: list[int]) -> Iterator[str]:
    left, right, top, bottom = 46.0, WIDTH - 40, 92.0, 290.0
    seconds = [value for found in points.values() for _, value in found]
    lowest = 10.0 ** math.floor(math.log10(min(seconds)))
    highest = 10.0 ** math.ceil(math.log10(max(seconds)))

    def x(size: float) -> float:
        return left + (right - left) * _share(size, sizes[0], sizes[-1])

    def y(value: float) -> float:
        return bottom - (bottom - top) * _share(value, lowest, highest)

    step = lowest
    while step <= highest * 1.001:
        yield tag("line", x1=left, x2=right, y1=y(step), y2=y(step), class_="grid")
        yield text(left - 6, y(step), number(step), "end")
        step *= 10
    for size in sizes:
        yield text(x(size), bottom + FONT * 1.2, f"{size:,}", "middle")
    yield text(left, bottom + FONT * 2.6, "orders")
    yield text(0, top - FONT * 1.2, "seconds")
    for place, (name, found) in enumerate(points.items()):
        colour = f"s{place % COLOURS}"
        path = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in found)
        yield tag("polyline", points=path, class_=f"line {colour}")
        for size, value in found:
            told = tag("title", f"{NAMES[name]}, {size:,} orders: {value:.1f} s")
            yield tag("circle", told, cx=x(size), cy=y(value), r=4, class_=colour)
        column, row = (place % 2) * WIDTH / 2, FONT * (0.8 + 1.6 * (place // 2))
        yield tag("circle", cx=column + 6, cy=row, r=4, class_=colour)
        yield text(column + 16, row, NAMES[name])


def _share(value: float, low: float, high: float) -> float:
    return math.log(value / low) / math.log(high / low)


if __name__ == "__main__":
    main()
