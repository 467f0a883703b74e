"""Markup: what is put in comes out as text, never as markup of its own."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from nextloop.jobs.report.markup import Markup, join, spoken, tag

# What XML allows; HTML shows the same.
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]))


def test_element_has_its_attributes_and_children():
    """Names get their hyphens, None is left out, numbers lose needless decimals."""
    made = tag("text", "a ", tag("b", "c"), x=1.50, text_anchor="end", class_=None, lang="ko")
    assert made == '<text x="1.5" text-anchor="end" lang="ko">a <b>c</b></text>'


def test_empty_elements_close_themselves():
    """A mark without children is closed at once; an empty paragraph is not."""
    assert tag("rect", x=1) == '<rect x="1"/>'
    assert tag("p") == "<p></p>"


@given(TEXT, TEXT)
def test_any_text_comes_back_as_it_was(text, attribute):
    """Whatever an item is called, it is read as that text and nothing else."""
    element = ET.fromstring(tag("p", text, title=attribute))  # noqa: S314 our own
    assert (element.text or "", element.get("title")) == (text, attribute)
    assert list(element) == []


def test_markup_is_not_escaped_twice():
    """What is markup already stays as it is."""
    assert join(Markup("<br/>"), "<", 3) == "<br/>&lt;3"


def test_korean_is_marked():
    """Words with Hangul in them are marked as Korean, others are not."""
    assert spoken("맥주 Beer") == '<span lang="ko">맥주 Beer</span>'
    assert spoken("Beer & Co") == "Beer &amp; Co"
