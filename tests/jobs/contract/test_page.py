"""docs/contract.md and docs/contract.ko.md say what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from nextloop.jobs.contract.page import contract_page
from nextloop.jobs.contract.terms import terms
from nextloop.orders.contract import LINE
from nextloop.orders.meanings import COLUMN_MEANINGS, ITEM_FORMS, ITEM_MEANINGS
from nextloop.orders.reasons import LANGUAGES
from nextloop.tables.order_file import COLUMNS

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_is_current(language):
    """The pages in the repository are what `make tables` writes."""
    page = DOCS / {"en": "contract.md", "ko": "contract.ko.md"}[language]
    assert page.read_text("utf-8") == contract_page(language), "write it anew: make tables"


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_of_the_contract_is_left_out(language):
    """Every column, field and rule has its words, on the page too, and none breaks a table."""
    found, page = terms(language), contract_page(language)
    assert [each.name for each in found.columns] == list(COLUMNS) == list(COLUMN_MEANINGS)
    assert [each.name for each in found.items] == LINE.names == list(ITEM_FORMS)
    assert list(ITEM_MEANINGS) == LINE.names
    for field in (*found.columns, *found.items):
        assert all([field.form, field.meaning])
        assert f"| `{field.name}` |" in page
    for rule in (*found.rejected, *found.flagged, *found.refused):
        assert all([rule.wrong, rule.mend])
        assert f"| `{rule.code}` | {rule.wrong} | {rule.mend} |" in page
        assert "|" not in rule.wrong + rule.mend


def test_languages_say_the_same_things():
    """Codes, numbers and what is required do not depend on the language."""

    def shape(language):
        found = terms(language)
        fields = [(each.number, each.name, each.required) for each in found.columns + found.items]
        rules = [rule.code for rule in found.rejected + found.flagged + found.refused]
        return fields, rules, found.example, len(found.file)

    assert shape("en") == shape("ko")
    assert all(any("가" <= each <= "힣" for each in rule.wrong) for rule in terms("ko").refused)
