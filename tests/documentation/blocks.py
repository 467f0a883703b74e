"""Commands and Python examples of a Markdown page, in the order in which a reader meets them.

In: the page's text. Out: `Step`s with the line on which each begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in (*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md"))
    if "decisions" not in page.parts
)
_SETTING = r"(?:export\s+)?(?:[A-Z][A-Z0-9_]*=\S*\s+)*"
# What a line of a block begins with if it is something to type.
_TYPED = re.compile(
    rf"{_SETTING}(?:sudo\s+)?(?:nextloop|make|curl|cp|mkdir|git|echo|airflow|mlflow|docker|terraform|gcloud|deadman\.py"
    r"|\.venv\S*/bin/\S+|scripts/\S+|deploy/\S+|/opt/\S+|\$SPARK_HOME\S*|sudo)\b(?![,:./])"
    r"|export\s+[A-Z]"
)
_FENCE = re.compile(r"^```(\w*)\s*$")


@dataclass(frozen=True)
class Step:
    """Something to type or to run: `language` is `sh` or `python`."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        """Say where it stands."""
        return f"{self.page}:{self.line}: {self.text.splitlines()[0]}"


def steps(page: Path) -> list[Step]:
    """List what the page tells its reader to run."""
    name = str(page.relative_to(ROOT))
    found = []
    for line, language, lines in _blocks(page.read_text("utf-8").splitlines()):
        if language == "python":
            found.append(Step(name, line, "python", "\n".join(lines)))
        elif language in {"", "sh", "bash"}:
            found += [Step(name, line + at, "sh", text) for at, text in _typed(lines)]
    return found


def mentioned(page: Path) -> list[Step]:
    """List the commands that stand inside the page's sentences and tables."""
    name = str(page.relative_to(ROOT))
    return [
        Step(name, number, "sh", text.replace("\\|", "|"))
        for number, line in enumerate(page.read_text("utf-8").splitlines(), 1)
        if not line.startswith("    ")
        for text in re.findall(r"`((?:nextloop|make) [^`]+)`", line)
    ]


def _blocks(lines: list[str]) -> Iterator[tuple[int, str, list[str]]]:
    """Yield first line, language and lines of fenced and of indented blocks."""
    number = 0
    while number < len(lines):
        start, fence = number, _FENCE.match(lines[number])
        if fence:
            number = next(at for at in range(start + 1, len(lines)) if lines[at] == "```") + 1
            yield start + 2, fence[1], lines[start + 1 : number - 1]
        elif lines[number].startswith("    ") and (number == 0 or not lines[number - 1].strip()):
            while number < len(lines) and (lines[number].startswith("    ") or not lines[number]):
                number += 1
            yield start + 1, "", [line[4:] for line in lines[start:number]]
        else:
            number += 1


def _typed(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield commands with the line that they begin on; one goes on after `\\` and in a quote."""
    at = 0
    while at < len(lines):
        start, text = at, lines[at]
        at += 1
        if not _TYPED.match(text):
            continue
        while at < len(lines) and (text.endswith("\\") or _without_comment(text).count("'") % 2):
            text += "\n" + lines[at]
            at += 1
        yield start, _without_comment(text)


def _without_comment(text: str) -> str:
    return re.sub(r"\s+#\s.*$", "", text)
