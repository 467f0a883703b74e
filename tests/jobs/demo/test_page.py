"""The demo's page, opened in a real Chromium on a desktop's and a phone's width, light and dark."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.slow

CHARTS = ["models", "history", "hours", "weeks", "rows", "time"]

# Everything folded is opened, then: charts without marks, texts outside of their chart or over
# each other, and elements whose content is wider than they are.
FAULTS = """
(() => {
  const faults = [];
  for (const folded of document.querySelectorAll('details')) folded.open = true;
  for (const svg of document.querySelectorAll('svg')) {
    const frame = svg.getBoundingClientRect();
    const box = element => element.getBoundingClientRect();
    const sizes = [...svg.querySelectorAll('rect, circle')].map(box);
    if (!sizes.some(b => b.width > 0 && b.height > 1)) faults.push(svg.id + ' is empty');
    const texts = [...svg.querySelectorAll('text')].map(t => [t.textContent, box(t)]);
    texts.forEach(([words, b], place) => {
      if (b.left < frame.left - 1 || b.right > frame.right + 1 || b.top < frame.top - 1
          || b.bottom > frame.bottom + 1) faults.push(`${svg.id}: "${words}" leaves the chart`);
      for (const [other, c] of texts.slice(place + 1))
        if (b.left < c.right && c.left < b.right && b.top < c.bottom - 2 && c.top < b.bottom - 2)
          faults.push(`${svg.id}: "${words}" lies over "${other}"`);
    });
  }
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest('svg') || getComputedStyle(element).display.startsWith('inline')) continue;
    if (element.clientWidth && element.scrollWidth > element.clientWidth + 1)
      faults.push(`${element.tagName} is cut: ${element.textContent.slice(0, 60)}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push('the page is too wide');
  return faults;
})()
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_page_shows_everything(browser, finished, width, scheme):
    """No chart is empty, no text is cut or lies over another, nothing reaches over the edge."""
    browser.open(finished.demo / "report.html", width, scheme=scheme)
    assert browser.evaluate("innerWidth") == width
    assert browser.evaluate("[...document.querySelectorAll('svg')].map(s => s.id)") == CHARTS
    assert browser.evaluate(FAULTS) == []


def test_page_follows_light_and_dark(browser, finished):
    """The paper is light in the one and dark in the other."""
    colours = []
    for scheme in ("light", "dark"):
        browser.open(finished.demo / "report.html", 390, scheme=scheme)
        colours.append(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(255, 255, 255)", "rgb(20, 23, 28)"]


def test_page_asks_nobody(browser, finished):
    """The browser loads the file alone, finds nothing to complain of, and no address is in it."""
    page = finished.demo / "report.html"
    browser.open(page, 1280)
    asked = [
        event["params"]["request"]["url"]
        for event in browser.events
        if event.get("method") == "Network.requestWillBeSent"
    ]
    assert asked == [page.as_uri()]
    assert not [event for event in browser.events if event.get("method") == "Log.entryAdded"]
    assert not re.findall(r"//\S+|<script|@import|url\(", page.read_text("utf-8"))


def test_korean_is_drawn_as_korean(browser, finished):
    """Korean text is marked as such and drawn with a font that has its letters."""
    browser.open(finished.demo / "report.html", 1280)
    for selector in ("h2 span[lang=ko]", "article strong span[lang=ko]", "li p[lang=ko]"):
        fonts = " ".join(browser.fonts(selector))
        assert re.search("CJK|Nanum|KR|Korean|Baekmuk|UnDotum", fonts), (selector, fonts)


def test_cards_say_what_the_command_line_says(browser, finished):
    """Each offer that was printed stands on the page."""
    browser.open(finished.demo / "report.html", 1280)
    names = browser.evaluate(
        "[...document.querySelectorAll('article strong')].map(e => e.innerText)"
    )
    assert len(names) == 15
    printed = "".join(finished.said.split())
    assert all(name.split()[0] in printed for name in names)


@pytest.mark.parametrize("width", [1280, 390])
def test_page_is_not_blank(browser, finished, width, tmp_path):
    """There is something on the picture of what is seen first."""
    browser.open(finished.demo / "report.html", width)
    look = browser.look(tmp_path / "report.png")
    assert look.width == width
    assert not look.blank, look
