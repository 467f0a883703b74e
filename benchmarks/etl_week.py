"""What does a week cost on top of two years? The weekly run after 0, 26, 52 and 104 weeks.

    python benchmarks/etl_week.py

A lake is filled as it is in life, one run a week, and kept aside after 0, 26, 52 and 104 weeks.
Then one more week is taken in from each, `--rounds` times in turns: ingest and features are
processes of their own, start-up included, as Airflow starts them. Features are as of a date over
all history, so they are measured apart. Results go to `benchmarks/results/etl-week.json`.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import io
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from landings import OUT, simulated
from measuring import measure, versions
from nextloop import settings, spark
from nextloop.jobs.features import features, newest_date
from nextloop.jobs.ingest import ingest

HERE = Path(__file__).parent
KEY = "benchmark-" * 4
WEEKS = (0, 26, 52, 104)
INGEST = """
import json, os, sys
from pathlib import Path

landing, lake, opened = sys.argv[1], sys.argv[2], set()
def watch(event, arguments):
    if event == "open" and str(arguments[0]).startswith(landing + os.sep):
        opened.add(str(arguments[0]))
sys.addaudithook(watch)

from nextloop import settings
from nextloop.jobs.ingest import ingest
report = ingest(settings.load({"landing": landing, "lake": lake, "privacy.guest_key": sys.argv[3]}))
Path(sys.argv[4]).write_text(json.dumps({
    "rows": report.rows_in,
    "stages": report.seconds,
    "files_opened": len(opened),
    "bytes_opened": sum(Path(path).stat().st_size for path in opened),
}))
"""
FEATURES = """
import datetime, sys
from nextloop import settings
from nextloop.jobs.features import features
features(settings.load({"lake": sys.argv[1], "privacy.guest_key": sys.argv[2]}),
         datetime.date.fromisoformat(sys.argv[3]))
"""


def main() -> None:
    """Measure, print and write."""
    asked = arguments()
    files = sorted(simulated(asked.orders * (WEEKS[-1] + 1), WEEKS[-1] + 1).glob("*.csv"))
    with_history(files)
    runs: dict[int, list[dict[str, Any]]] = {weeks: [] for weeks in WEEKS}
    for turn in range(asked.rounds):
        for weeks, found in runs.items():
            found.append(week_after(weeks, files))
            print(f"round {turn + 1}, after {weeks} weeks: {found[-1]}", file=sys.stderr)
    report = {
        "versions": versions(),
        "orders_a_week": asked.orders,
        "weeks": {str(weeks): best(found) | {"runs": found} for weeks, found in runs.items()},
    }
    show(report)
    asked.results.parent.mkdir(parents=True, exist_ok=True)
    asked.results.write_text(json.dumps(report, indent=1) + "\n")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--orders", type=int, default=5_000, help="orders a week")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--results", type=Path, default=HERE / "results" / "etl-week.json")
    return parser.parse_args()


def place(weeks: int) -> Path:
    """Return where the lake is kept that has so many weeks."""
    return OUT / f"after-{weeks}"


def with_history(files: list[Path]) -> None:
    """Fill a lake week by week, and keep what it is, features too, after each of `WEEKS`."""
    growing = OUT / "growing"
    for path in (growing, *map(place, WEEKS)):
        shutil.rmtree(path, ignore_errors=True)
    (growing / "landing").mkdir(parents=True)
    usual = settings.load(
        {
            "landing": str(growing / "landing"),
            "lake": str(growing / "lake"),
            "privacy.guest_key": KEY,
        }
    )
    with spark.session("sail") as session, contextlib.redirect_stdout(io.StringIO()):
        for weeks, file in enumerate(files):
            if weeks in WEEKS:
                copy(growing, place(weeks))
            if weeks == WEEKS[-1]:
                break
            (growing / "landing" / file.name).symlink_to(file)
            ingest(usual, session)
            if weeks + 1 in WEEKS:  # each is over all history: those before leave nothing to it
                features(usual, newest_date(usual), session)
            print(f"\rhistory: {weeks + 1} weeks", end="", file=sys.stderr)
    print(file=sys.stderr)
    shutil.rmtree(growing)


def copy(landing_and_lake: Path, to: Path) -> None:
    """Copy by links: no data file is ever written to again, and a landing's marks stay the same."""
    shutil.copytree(landing_and_lake, to, symlinks=True, copy_function=os.link)


def week_after(weeks: int, files: list[Path]) -> dict[str, Any]:
    """Take in the week after so many others; return what that took."""
    folder, told = OUT / "week", OUT / "week.json"
    shutil.rmtree(folder, ignore_errors=True)
    copy(place(weeks), folder)
    landing, lake = folder / "landing", folder / "lake"
    (landing / files[weeks].name).symlink_to(files[weeks])
    taken = measure([sys.executable, "-c", INGEST, str(landing), str(lake), KEY, str(told)])
    monday = dt.date.fromisocalendar(*map(int, files[weeks].stem[-8:].split("-W")), 1)
    as_of = (monday + dt.timedelta(days=6)).isoformat()
    made = measure([sys.executable, "-c", FEATURES, str(lake), KEY, as_of])
    return {"ingest": taken.record(), "features": made.record(), **json.loads(told.read_text())}


def best(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the best ingest and the best features of all rounds."""
    return {
        **{name: found[0][name] for name in ("rows", "files_opened", "bytes_opened")},
        **{
            job: min((one[job] for one in found), key=lambda figures: figures["seconds"])
            for job in ("ingest", "features")
        },
    }


def show(report: dict[str, Any]) -> None:
    """Print what a week took after each history, and against a week on no history."""
    print(report["versions"])
    print(f"{'weeks before':>12}{'rows':>8}{'files opened':>14}{'MB':>7}", end="")
    heads = ("ingest s", "CPU s", "x first", "features s", "CPU s", "x first")
    print("".join(f"{head:>12}" for head in heads))
    first = report["weeks"][str(WEEKS[0])]
    for weeks, one in report["weeks"].items():
        print(f"{weeks:>12}{one['rows']:>8,}{one['files_opened']:>14}", end="")
        print(f"{one['bytes_opened'] / 1e6:>7.2f}", end="")
        for job in ("ingest", "features"):
            seconds, cpu = one[job]["seconds"], one[job]["cpu_seconds"]
            times = seconds / first[job]["seconds"]
            print(f"{seconds:>12.2f}{cpu:>12.2f}{times:>12.2f}", end="")
        print()


if __name__ == "__main__":
    main()
