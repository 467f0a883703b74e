"""The pictures of the architecture, from boxes on a grid.

    python docs/pictures/draw.py [--check]

In: `docs/pictures/*.toml`. Out: an SVG beside each; with --check nothing is written, and the exit
code tells whether they are current. Text follows the reader's light or dark.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from nextloop.jobs.report.markup import Markup, tag

HERE: Final = Path(__file__).parent
COLUMN, ROW, WIDTH, HEIGHT, MARGIN, LINE = 170.0, 84.0, 140.0, 46.0, 24.0, 16.0
STYLE: Final = """
svg { font-family: system-ui, sans-serif; font-size: 13px; }
text { fill: #1f2933; } .label { fill: #52606d; font-size: 12px; }
.halo { stroke: #ffffff; stroke-width: 4px; paint-order: stroke; }
rect { fill: #ffffff; stroke: #52606d; stroke-width: 1.2; }
.store { fill: #e3f4f1; stroke: #00796b; } .outside { fill: #f4f4f6; stroke-dasharray: 4 3; }
.group { fill: none; stroke: #9aa5b1; stroke-dasharray: 2 3; }
.arrow { fill: none; stroke: #52606d; stroke-width: 1.4; } .tip { fill: #52606d; }
.back { fill: #ffffff; stroke: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f4f8; } .label { fill: #bcccdc; } .halo { stroke: #1b1f27; }
  rect { fill: #2a303b; stroke: #9fb3c8; } .store { fill: #123d39; stroke: #4db6ac; }
  .outside { fill: #22262f; } .group { fill: none; stroke: #627d98; }
  .arrow { stroke: #9fb3c8; } .tip { fill: #9fb3c8; } .back { fill: #1b1f27; }
}
"""
Point = tuple[float, float]


def main() -> int:
    """Write the pictures, or check them."""
    stale = []
    for source in sorted(HERE.glob("*.toml")):
        drawn = picture(source.stem, tomllib.loads(source.read_text("utf-8")))
        made = source.with_suffix(".svg")
        if "--check" not in sys.argv[1:]:
            made.write_text(drawn, "utf-8")
        elif not made.exists() or made.read_text("utf-8") != drawn:
            stale.append(made.name)
    if stale:
        print(f"{', '.join(stale)}: not current. Draw them: make pictures", file=sys.stderr)
    return 1 if stale else 0


def picture(name: str, source: Mapping[str, Any]) -> str:
    """Draw one picture."""
    boxes = {box["name"]: box for box in source["box"]}
    columns = max(box["at"][0] for box in boxes.values()) + 1
    rows = max(box["at"][1] for box in boxes.values()) + 1
    width, height = columns * COLUMN - (COLUMN - WIDTH) + 2 * MARGIN, rows * ROW + MARGIN
    marks = [
        tag("title", source["title"], id=f"{name}-title"),
        tag("style", Markup(STYLE)),
        tag("defs", _tip()),
        tag("rect", class_="back", width=width, height=height),
        *(_group(group) for group in source.get("group", ())),
        *(_line(arrow, boxes) for arrow in source["arrow"]),
        *(_box(box) for box in boxes.values()),
        *(_label(arrow, boxes) for arrow in source["arrow"] if "label" in arrow),
    ]
    drawn = tag(
        "svg", *marks, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width:g} {height:g}",
        width=width, height=height, role="img", aria_labelledby=f"{name}-title",
    )  # fmt: skip
    return drawn.replace("><", ">\n<") + "\n"


def _tip() -> Markup:
    path = tag("path", d="M0 0L8 4L0 8z", class_="tip")
    return tag(
        "marker", path, id="tip", viewBox="0 0 8 8", refX="8", refY="4", markerWidth="7",
        markerHeight="7", orient="auto-start-reverse",
    )  # fmt: skip


def _middle(box: Mapping[str, Any]) -> Point:
    column, row = box["at"]
    return MARGIN + column * COLUMN + WIDTH / 2, MARGIN + row * ROW + HEIGHT / 2


def _box(box: Mapping[str, Any]) -> Markup:
    x, y = _middle(box)
    corner = 22.0 if box.get("kind") == "store" else 4.0
    first = y + 4.5 - LINE / 2 * (len(box["text"]) - 1)
    words = (
        tag("text", line, x=x, y=first + LINE * number, text_anchor="middle",
            class_="label" if number else None)
        for number, line in enumerate(box["text"])
    )  # fmt: skip
    frame = tag(
        "rect", x=x - WIDTH / 2, y=y - HEIGHT / 2, width=WIDTH, height=HEIGHT, rx=corner,
        class_=box.get("kind"),
    )  # fmt: skip
    return tag("g", frame, *words)


def _group(group: Mapping[str, Any]) -> Markup:
    (left, top), (right, bottom) = group["from"], group["to"]
    x, y = MARGIN + left * COLUMN - 12, MARGIN + top * ROW - 26
    frame = tag(
        "rect", x=x, y=y, rx=6.0, class_="group", width=(right - left) * COLUMN + WIDTH + 24,
        height=(bottom - top) * ROW + HEIGHT + 38,
    )  # fmt: skip
    return tag("g", frame, tag("text", group["text"], x=x + 8, y=y + 16, class_="label"))


def _ends(arrow: Mapping[str, Any], boxes: Mapping[str, Any]) -> tuple[Point, Point]:
    """Choose where an arrow leaves and arrives: sides within a row, else top and bottom."""
    (x1, y1), (x2, y2) = _middle(boxes[arrow["from"]]), _middle(boxes[arrow["to"]])
    if y1 == y2:
        side = WIDTH / 2 if x2 > x1 else -WIDTH / 2
        return (x1 + side, y1), (x2 - side, y2)
    side = HEIGHT / 2 if y2 > y1 else -HEIGHT / 2
    return (x1, y1 + side), (x2, y2 - side)


def _line(arrow: Mapping[str, Any], boxes: Mapping[str, Any]) -> Markup:
    (x1, y1), (x2, y2) = _ends(arrow, boxes)
    bend = (y1 + y2) / 2
    if arrow.get("around"):
        (x1, y1), (x2, y2) = _middle(boxes[arrow["from"]]), _middle(boxes[arrow["to"]])
        edge = MARGIN / 2
        way = f"M{x1 - WIDTH / 2:g} {y1:g}H{edge:g}V{y2:g}H{x2 - WIDTH / 2:g}"
    elif x1 == x2 or y1 == y2:
        way = f"M{x1:g} {y1:g}L{x2:g} {y2:g}"
    else:
        way = f"M{x1:g} {y1:g}V{bend:g}H{x2:g}V{y2:g}"
    both = "url(#tip)" if arrow.get("both") else None
    return tag("path", d=way, class_="arrow", marker_end="url(#tip)", marker_start=both)


def _label(arrow: Mapping[str, Any], boxes: Mapping[str, Any]) -> Markup:
    (x1, y1), (x2, y2) = _ends(arrow, boxes)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2 + 4
    return tag("text", arrow["label"], x=x, y=y, text_anchor="middle", class_="label halo")


if __name__ == "__main__":
    sys.exit(main())
