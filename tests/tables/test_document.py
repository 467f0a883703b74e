"""docs/tables.md: the page says what the code does."""

from __future__ import annotations

from pathlib import Path

from nextloop.events.reasons import EVENT_REASONS
from nextloop.jobs.document import tables_page
from nextloop.orders.reasons import FLAGS, REASONS
from nextloop.tables import TABLES
from nextloop.tables.order_file import COLUMNS

SAID = (*REASONS.values(), *EVENT_REASONS.values(), *FLAGS.values())
PAGE = Path(__file__).parents[2] / "docs" / "tables.md"


def test_page_is_current():
    """The page in the repository is what `make tables` writes."""
    assert PAGE.read_text("utf-8") == tables_page(), "write it anew: make tables"


def test_page_has_every_table_column_reason_and_flag():
    """Nothing that is stored, asked for or said of a row is left out, in both languages."""
    page = tables_page()
    for table in TABLES.values():
        assert f"\n## {table.name}\n" in page
        assert all(f"| `{column.name}` |" in page for column in table.columns)
        assert all(column.text in page for column in table.columns)
    assert all(f"| `{name}` |" in page for name in COLUMNS)
    for reason in SAID:
        words = [f"{said.wrong} {said.mend}" for said in (reason.en, reason.ko)]
        assert f"| `{reason.code}` | {words[0]} | {words[1]} |" in page


def test_texts_fit_a_table_of_the_page():
    """No text breaks the page's tables."""
    texts = [column.text for table in TABLES.values() for column in table.columns]
    texts += [
        text for reason in SAID for said in (reason.en, reason.ko) for text in vars(said).values()
    ]
    assert not [text for text in texts if "|" in text or "\n" in text]
