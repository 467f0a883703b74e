"""The monitoring's own files with all their times made shorter, so that minutes pass in seconds."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.alerting.promtool import ROOT

MONITORING = ROOT / "deploy/monitoring"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIMES = re.compile(
    r"(?P<before>\[|\boffset |\b(?:for|scrape_interval|scrape_timeout|evaluation_interval"
    r"|group_wait|group_interval|repeat_interval|resolve_timeout): )(?P<count>\d+)(?P<unit>[smhd])"
)


def scaled(text: str, factor: float, least: Mapping[str, float]) -> str:
    """Shorten every time in a file of Prometheus or Alertmanager.

    Args:
        text: Of the file.
        factor: What they are divided by.
        least: Seconds that a time is not made shorter than, by what stands before it; `[` is a
            range.
    """

    def shorter(found: re.Match[str]) -> str:
        seconds = int(found["count"]) * _UNITS[found["unit"]] / factor
        floor = least.get(found["before"].strip(" :"), 0)
        return f"{found['before']}{max(round(seconds * 1000), round(floor * 1000), 1)}ms"

    return _TIMES.sub(shorter, text)


def copy(name: str, folder: Path, factor: float, least: Mapping[str, float]) -> Path:
    """Copy a folder of the monitoring, its times shortened.

    Args:
        name: `prometheus` or `alertmanager`.
        folder: Where to.
        factor: What times are divided by.
        least: As for `scaled`.
    """
    target = folder / name
    shutil.copytree(MONITORING / name, target)
    for file in [*target.glob("*.yml"), *target.glob("rules/*.yml")]:
        text = file.read_text("utf-8")
        if factor != 1:
            text = scaled(text, factor, least)
        file.write_text(text, "utf-8")
    return target
