"""The order file's contract in one language, as data: what `contract show` and docs/contract print.

In: the contract's parts in `nextloop.orders`. Out: `Terms`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nextloop.orders.contract import REQUIRED
from nextloop.orders.meanings import (
    COLUMN_MEANINGS,
    EXAMPLE,
    FILE_RULES,
    ITEM_FORMS,
    ITEM_MEANINGS,
    ITEM_REQUIRED,
    column_form,
    item_form,
)
from nextloop.orders.reasons import FLAGS, REASONS, Language, Reason
from nextloop.orders.refusals import REFUSALS
from nextloop.tables.order_file import COLUMNS

VERSION = 1


@dataclass(frozen=True)
class Field:
    """A column of the file, or a field of an item of `contents`."""

    number: int
    name: str
    required: bool
    form: str
    meaning: str


@dataclass(frozen=True)
class Rule:
    """What is said under a code, and what the sender does about it."""

    code: str
    wrong: str
    mend: str


@dataclass(frozen=True)
class Terms:
    """The contract in one language.

    Attributes:
        version: Of the contract.
        language: `en` or `ko`.
        file: What holds for the file as a whole, a sentence each.
        columns: In the usual order; a file may have them in any.
        items: Fields of an item of `contents`.
        rejected: Why a row is rejected.
        flagged: What a row is kept with, and marked.
        refused: Why a whole file is refused; words in braces stand for what is found.
        example: A small order file.
    """

    version: int
    language: Language
    file: tuple[str, ...]
    columns: tuple[Field, ...]
    items: tuple[Field, ...]
    rejected: tuple[Rule, ...]
    flagged: tuple[Rule, ...]
    refused: tuple[Rule, ...]
    example: str


def terms(language: Language) -> Terms:
    """Put the contract into a language."""
    return Terms(
        version=VERSION,
        language=language,
        file=tuple(text.said(language) for text in FILE_RULES),
        columns=tuple(_column(number, name, language) for number, name in enumerate(COLUMNS, 1)),
        items=tuple(_item(number, name, language) for number, name in enumerate(ITEM_FORMS, 1)),
        rejected=_rules(REASONS, language),
        flagged=_rules(FLAGS, language),
        refused=_rules(REFUSALS, language),
        example=EXAMPLE,
    )


def _column(number: int, name: str, language: Language) -> Field:
    form, meaning = column_form(name), COLUMN_MEANINGS[name]
    return Field(number, name, name in REQUIRED, form.said(language), meaning.said(language))


def _item(number: int, name: str, language: Language) -> Field:
    form, meaning = item_form(name), ITEM_MEANINGS[name]
    return Field(number, name, name in ITEM_REQUIRED, form.said(language), meaning.said(language))


def _rules(reasons: Mapping[str, Reason], language: Language) -> tuple[Rule, ...]:
    return tuple(Rule(code, *vars(each.said(language)).values()) for code, each in reasons.items())
