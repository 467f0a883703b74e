"""Rules as promtool judges them: read, changed, and tested in a folder of their own."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy/monitoring/prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
# What is no threshold: strings, ranges, names with digits in them, and durations.
_WORDS = re.compile(
    r'"[^"]*"|\[[^\]]*\]|vector\(\d\)|[a-zA-Z_:][\w:]*|\d+(?:\.\d+)?(?:e\d+)?[smhdwy]?'
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e\d+)?")
_DURATION = re.compile(r"(\d+)([smhd])")
_FEW = 3
_BELOW = {"m": "s", "h": "m"}


@dataclass(frozen=True)
class Rule:
    """A rule and where it stands."""

    file: str
    group: str
    body: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.body.get("alert") or self.body["record"])


def all_rules() -> list[Rule]:
    """Read every rule, in the files' order."""
    return [
        Rule(file.name, group["name"], body)
        for file in RULES
        for group in yaml.safe_load(file.read_text("utf-8"))["groups"]
        for body in group["rules"]
    ]


def alerts() -> list[Rule]:
    """Read the rules that tell somebody."""
    return [rule for rule in all_rules() if "alert" in rule.body]


def cases(alert: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Find an alert's tests, each with its file."""
    return [(file, test) for file in _files() for test in file["tests"] if test["name"] == alert]


@cache
def _files() -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text("utf-8")) for path in TESTS]


def run(folder: Path, alert: str, rules: list[Rule]) -> subprocess.CompletedProcess[str]:
    """Let promtool judge rules by the tests of an alert.

    Args:
        folder: An empty one to write into.
        alert: Whose tests.
        rules: All that it needs, in order.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for rule in rules:
        groups.setdefault(rule.group, []).append(rule.body)
    written = [{"name": name, "rules": bodies} for name, bodies in groups.items()]
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": written}), "utf-8")
    names = []
    for number, (file, test) in enumerate(cases(alert)):
        names.append(f"test_{number}.yml")
        body = {
            "rule_files": ["rules.yml"],
            "evaluation_interval": file["evaluation_interval"],
            "group_eval_order": list(groups),
            "tests": [test],
        }
        (folder / names[-1]).write_text(yaml.safe_dump(body), "utf-8")
    return subprocess.run(
        ["promtool", "test", "rules", *names],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def needed(alert: Rule, rules: list[Rule]) -> list[Rule]:
    """Return the recording rules that an alert is made of, in order, and the alert."""
    names, texts = set[str](), [alert.body["expr"]]
    records = {rule.name: rule for rule in rules if "record" in rule.body}
    while texts:
        text = texts.pop()
        for name, rule in records.items():
            if name not in names and re.search(rf"(?<![\w:]){re.escape(name)}(?![\w:])", text):
                names.add(name)
                texts.append(rule.body["expr"])
    return [rule for rule in records.values() if rule.name in names] + [alert]


def metrics_in(expr: str) -> set[str]:
    """Name the metrics that an expression asks for, less what recording rules make."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', "", expr)
    bare = re.sub(r"\b(?:by|on|group_left|ignoring|without)\s*\([^)]*\)", " ", bare)
    words = re.findall(r"(?<![\w:])[a-z][a-z_A-Z]*\b(?!\s*[(:])", re.sub(r"\S*:\S*", " ", bare))
    return {word for word in words if "_" in word or word == "up"}


def mutants(rules: list[Rule]) -> Iterator[tuple[str, list[Rule]]]:
    """Change one threshold of an alert, or of what it is made of, at a time.

    Yields:
        What was changed, and the rules with it.
    """
    for place, rule in enumerate(rules):
        for what, body in _changed(rule.body):
            changed = [*rules[:place], Rule(rule.file, rule.group, body), *rules[place + 1 :]]
            yield f"{rule.name}: {what}", changed


def _changed(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for what, expr in _changed_numbers(body["expr"], is_alert="alert" in body):
        yield what, {**body, "expr": expr}
    if held := _DURATION.fullmatch(body.get("for", "")):
        count, unit = int(held[1]), held[2]
        # Half of it; a minute is one step of the tests, so half of that is none.
        shorter = "0s" if (count, unit) == (1, "m") else f"{count * 30}{_BELOW[unit]}"
        for other in (shorter, f"{count * 2}{unit}"):
            yield f"for {body['for']} -> {other}", {**body, "for": other}


def _changed_numbers(expr: str, *, is_alert: bool) -> Iterator[tuple[str, str]]:
    for word in _WORDS.finditer(expr):
        before, after = expr[: word.start()], expr[word.end() :]
        if word[0] == '"0.1"' and before.endswith("le="):
            others = ['"0.05"', '"0.25"']
        elif _NUMBER.fullmatch(word[0]) and _is_threshold(before, word[0], after, is_alert):
            others = _others(word[0])
        else:
            continue
        for other in others:
            yield f"{word[0]} -> {other}", before + other + after


def _is_threshold(before: str, number: str, after: str, is_alert: bool) -> bool:
    # `/ (... > 0)` keeps from dividing by nothing: another number there changes no answer.
    divides = number == "0" and before.rstrip().endswith(">") and after.startswith(")")
    return not divides and (is_alert or before.rstrip().endswith("> bool"))


def _others(number: str) -> list[str]:
    """Return a lower and a higher one: a quarter off, or one off where it is a count."""
    value = float(number)
    if value == 0:
        return ["-1", "2"]
    if value.is_integer() and value <= _FEW:
        return [str(int(value) - 1), str(int(value) + 1)]
    return [repr(value * 0.8), repr(value * 1.25)]
