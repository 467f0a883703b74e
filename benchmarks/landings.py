"""Landings of simulated hotels, made once a size and kept in `benchmarks/out/`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

OUT = Path(__file__).parent / "out"


def simulated(orders: int, weeks: int = 12) -> Path:
    """Return a landing with so many orders, made unless it is there.

    Args:
        orders: Of all hotels and weeks together.
        weeks: Weekly files.
    """
    folder = OUT / f"landing-{orders}-{weeks}"
    if folder.is_dir():
        return folder
    # Made aside: a simulation that was interrupted is no landing.
    aside = folder.with_name(f"{folder.name}.making")
    for made in (aside, truth := aside.with_name(f"{aside.name}-truth")):
        shutil.rmtree(made, ignore_errors=True)
    subprocess.run(
        [
            *(sys.executable, "-m", "nextloop.cli", "--quiet", "simulate"),
            *("--out", str(aside), "--truth", str(truth)),
            *("--orders", str(orders), "--weeks", str(weeks)),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    shutil.rmtree(truth)
    return aside.rename(folder)
