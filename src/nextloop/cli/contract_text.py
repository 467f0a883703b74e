"""How `nextloop contract` prints: the contract as tables, a check as lines.

Comes in: `Terms` or a `CheckReport`. Goes out: text on standard output, or a record for `--json`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from nextloop.cli import output
from nextloop.cli.contract_words import Count, Words
from nextloop.cli.output import printable
from nextloop.jobs.contract.report import CheckReport, Fault, FileCheck
from nextloop.jobs.contract.terms import Field, Rule, Terms

_RAW_CHARACTERS = 100


def contract_lines(terms: Terms, words: Words) -> None:
    """Print the contract."""
    output.say(words.title.format(version=terms.version))
    output.say(f"\n{words.file}")
    for text in terms.file:
        output.say(f"- {text}")
    output.table([_field(each, words) for each in terms.columns], title=f"\n{words.columns}")
    output.table([_field(each, words) for each in terms.items], title=f"\n{words.items}")
    for title, rules in (
        (words.rejected, terms.rejected),
        (words.flagged, terms.flagged),
        (words.refused, terms.refused),
    ):
        output.table([_rule(each, words) for each in rules], title=f"\n{title}")
    output.say(f"\n{words.example} (nextloop contract show --example > example.csv)\n")
    output.say(terms.example.rstrip("\n"))


def _field(field: Field, words: Words) -> dict[str, Any]:
    return {
        words.number: field.number,
        words.name: field.name,
        words.required: words.yes if field.required else "",
        words.form: field.form,
        words.meaning: field.meaning,
    }


def _rule(rule: Rule, words: Words) -> dict[str, Any]:
    return {words.code: rule.code, words.wrong: rule.wrong, words.mend: rule.mend}


def check_record(report: CheckReport) -> dict[str, Any]:
    """Return a check's report for machines, the verdict and the totals first."""
    return {"fine": report.fine, "totals": report.totals(), **output.plain(report)}


def check_lines(report: CheckReport, words: Words) -> None:
    """Print what a check found, file by file, and the verdict."""
    for file in report.files:
        _file_lines(file, report.rules, words)
    if report.doubled_orders:
        output.say(words.doubled.format(count=Count(report.doubled_orders)))
        for order in report.doubled:
            places = [f"{name}:{line}" for name, line in order.places]
            more = ", ..." if order.rows > len(places) else ""
            told = words.place.format(
                order=order.order_seq,
                hotel=order.hotel_seq,
                rows=Count(order.rows),
                places=", ".join(places) + more,
            )
            output.say(f"  {printable(told)}")
    met = {code for file in report.files for code in file.flags}
    for code in (code for code in report.rules if code in met):
        output.say(f"{code}: {report.rules[code].wrong}")
        output.say(f"  -> {report.rules[code].mend}")
    verdict = words.verdict_fine if report.fine else words.verdict_faulty
    counts = {name: Count(n) for name, n in report.totals().items() if isinstance(n, int)}
    output.say(verdict.format(**counts))


def _file_lines(file: FileCheck, rules: dict[str, Rule], words: Words) -> None:
    name = printable(file.file)
    if file.refused:
        output.say(words.would_refuse.format(file=name, wrong=printable(file.refused.wrong)))
        output.say(f"  -> {file.refused.mend}")
        return
    if file.same_as:
        output.say(words.same.format(file=name, other=printable(file.same_as)))
        return
    told = words.faulty if file.rejected else words.fine
    output.say(told.format(file=name, rows=Count(file.rows), rejected=Count(file.rejected)))
    _fault_lines(file, rules, words)
    for code, odd in file.flags.items():
        lines = ", ".join(f"{line:,}" for line in odd.lines)
        output.say(f"  {words.odd.format(code=code, rows=Count(odd.rows), lines=lines)}")
        if code == "unknown_status":
            output.say(f"    {words.words.format(words=_counted(file.unknown_statuses.items()))}")


def _fault_lines(file: FileCheck, rules: dict[str, Rule], words: Words) -> None:
    by_code: dict[str, list[Fault]] = defaultdict(list)
    for fault in file.faults:
        by_code[fault.rule].append(fault)
    for code, rows in file.reasons.items():
        output.say(f"  {code} ({rows:,}): {rules[code].wrong}")
        for fault in by_code[code]:
            output.say(f"    {fault_line(fault, words)}")
        output.say(f"    -> {rules[code].mend}")
    if (more := file.rejected - len(file.faults)) > 0:
        output.say(f"  {words.more.format(count=more, limit=file.rejected)}")


def fault_line(fault: Fault, words: Words) -> str:
    """Say in a line where a fault stands and what stands there."""
    told = words.line.format(line=fault.line)
    if fault.column:
        told += f", {words.column.format(number=fault.column_number, name=fault.column)}"
    # A row whose fields cannot be told apart shows its shape instead of a value.
    shown = _short(fault.raw) if fault.value is None else repr(fault.value)
    return f"{told}: {printable(shown)}"


def _short(raw: str) -> str:
    return raw if len(raw) <= _RAW_CHARACTERS else f"{raw[:_RAW_CHARACTERS]}..."


def _counted(found: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{printable(name)} ({rows:,})" for name, rows in found)
