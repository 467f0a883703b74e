"""The site of docs/: it builds, each page is found and seen, and nothing comes from elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
import yaml
from tests.documentation.blocks import ROOT
from tests.documentation.site import build

DOCS = ROOT / "docs"
SHOWN = ["index.html", "index.ko.html", "architecture.html", "operate.html", "api.html"]
WIDE = """
(() => {
  const faults = [];
  if (document.documentElement.scrollWidth > innerWidth) faults.push('the page is too wide');
  for (const image of document.querySelectorAll('article img'))
    if (!image.naturalWidth) faults.push(image.src + ' is not there');
  return faults;
})()
"""
FOUND = """
[...document.querySelectorAll('.md-search-result__link')].map(link => link.getAttribute('href'))
"""


def test_pictures_are_what_their_sources_say():
    """Each drawn picture is that of the boxes and arrows beside it."""
    done = subprocess.run(
        [sys.executable, "docs/pictures/draw.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_every_page_is_led_to():
    """A page is in the navigation, or the first page of decisions or runbooks lists it."""
    led = set(re.findall(r"[\w./-]+\.md", (ROOT / "mkdocs.yml").read_text("utf-8")))
    for folder in ("decisions", "runbooks"):
        listed = re.findall(r"\]\(([\w-]+\.md)\)", (DOCS / folder / "README.md").read_text("utf-8"))
        led |= {f"{folder}/{name}" for name in listed}
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
    assert sorted(pages - led) == [], "not in mkdocs.yml's nav, or in that folder's README.md"
    assert sorted(led - pages) == [], "led to, but not there"


@pytest.mark.parametrize("broken", ["[x](nowhere.md)", "[x](api.md#nowhere)", "![x](nowhere.svg)"])
def test_broken_link_fails_the_build(tmp_path, broken):
    """A link to a page, an anchor or a picture that is not there stops `make docs`."""
    shutil.copytree(DOCS, tmp_path / "docs", ignore=shutil.ignore_patterns("runbooks", "decisions"))
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump({**config, "nav": None}), "utf-8")
    (tmp_path / "docs" / "operate.md").write_text(f"# Operate\n\n{broken}\n", "utf-8")
    done = build(tmp_path / "site", tmp_path / "mkdocs.yml")
    assert done.returncode != 0
    assert re.search(r"WARNING.*operate\.md.*nowhere", done.stderr)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("page", SHOWN)
def test_page_is_seen_and_asks_nobody_else(site, browser, tmp_path, page, width, scheme):
    """On a desktop and a phone, light and dark: not blank, not too wide, all from the site."""
    browser.open(f"{site}/{page}", width, scheme=scheme)
    assert browser.evaluate(WIDE) == []
    ground = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    assert browser.hosts() == {urlsplit(site).netloc}
    look = browser.look(tmp_path / "page.png")
    assert look.width == width
    assert not look.blank, look


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("rollback", "rollout.html"),
        ("guest key lost", "operate.html"),
        ("재시도", "airflow.ko.html"),
        ("주문 파일", "contract.ko.html"),
        ("당직", "index.ko.html"),
    ],
)
def test_search_finds_english_and_korean(site, browser, words, page):
    """What is typed into the search leads to the page that has it."""
    browser.open(f"{site}/index.html", 1280)
    browser.until("!!document.querySelector('.md-search__input')")
    browser.evaluate("document.querySelector('.md-search__input').focus()")
    browser.call("Input.insertText", text=words)
    browser.until(f"{FOUND}.some(link => link.includes('{page}'))")
