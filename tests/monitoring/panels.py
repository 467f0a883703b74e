"""The dashboards' panels as Grafana gets them, and what their queries name."""

from __future__ import annotations

import json
import re
from typing import Any

from deploy.monitoring.dashboards.__main__ import BOARDS, text_of

PANELS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (board, panel)
    for board in map(json.loads, map(text_of, BOARDS))
    for panel in board["panels"]
    if panel["type"] != "row"
]
NAMES = [f"{board['title']}, {panel['title']}" for board, panel in PANELS]
_WORDS = {
    "and", "or", "unless", "by", "without", "on", "ignoring", "group_left", "group_right", "bool",
    "offset", "inf", "nan",
}  # fmt: skip


def queries(panel: dict[str, Any]) -> list[str]:
    """Give a panel's queries, Grafana's own variable filled in."""
    return [target["expr"].replace("$__rate_interval", "5m") for target in panel["targets"]]


def named(query: str) -> set[str]:
    """Give the metrics that a valid query names."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", query)
    bare = re.sub(r'"[^"]*"', " ", bare)
    bare = re.sub(r"\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)", r"\1", bare)
    found = re.findall(r"(?<![\w:])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])", bare)
    functions = set(re.findall(r"([a-z_0-9]+)\s*(?:by\s*)?\(", bare))
    return {name for name in found if name.lower() not in _WORDS and name not in functions}
