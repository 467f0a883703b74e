"""README and docs: what a reader types is what the commands understand and do."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import typer.main
from tests.documentation.blocks import PAGES, ROOT, Step, mentioned, steps
from tests.documentation.not_run import NOT_RUN
from tests.documentation.world import World

from nextloop.cli.app import app

# What a page has in place of the reader's own, and whose it is here: a method of the world.
FOLLOWED: dict[str, dict[str, str]] = {
    "README.md": {},
    "docs/api.md": {"3fa94c1e": "first_key", "Bearer KEY": "bearer"},
    "docs/contract.md": {},
    "docs/data-scientists.md": {},
    "docs/events.md": {},
    "docs/operate.md": {},
    "docs/registry.md": {},
    "docs/scale.md": {},
    "docs/rollout.md": {"/srv/nextloop/2026-11-22": str(ROOT), "--model 7": "other_model"},
    "docs/simulator.md": {},
}
# What has happened before a reader types it.
BEFORE = {
    "nextloop contract check orders": World.example,
    "nextloop events report": World.tell,
    "nextloop rollout deploy": World.keyed,
    "nextloop rollout rollback": World.deploy_another,
    "nextloop rollout status": World.deploy,
}
FROM_NOTHING = {"README.md", "docs/simulator.md"}
"""Pages that begin with the files."""
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
SETTING = re.compile(r"^(?:export )?(?:[A-Z][A-Z0-9_]*=\S* )*")


def reason_not_to_run(step: Step) -> str | None:
    """Return the kind of `NOT_RUN` that the step is of."""
    return next((kind for kind in NOT_RUN if re.match(kind, step.text)), None)


def typed() -> list[Step]:
    """List the commands of all pages."""
    return [step for page in PAGES for step in steps(page) if step.language == "sh"]


def parsed(step: Step) -> None:
    """Let the command line read the words, without doing anything."""
    text = SETTING.sub("", step.text.replace("\\\n", " "))
    words = shlex.split(re.split(r" [>|&;]", text)[0])[1:]
    command: Any = typer.main.get_command(app)  # typer carries a click of its own
    context: Any = None
    while hasattr(command, "resolve_command"):
        context = command.make_context(command.name, words, parent=context, resilient_parsing=True)
        words = [*context._protected_args, *context.args]
        if not words:  # a group as a whole is spoken of
            return
        _, found, words = command.resolve_command(context, words)
        assert found is not None, step
        command = found
    if words:  # a command's name alone is spoken of
        command.make_context(command.name, words, parent=context)


COMMANDS = [
    step
    for page in PAGES
    for step in (*steps(page), *mentioned(page))
    if re.match(r"(\S*/bin/)?nextloop ", SETTING.sub("", step.text)) and "..." not in step.text
]


def test_pages_have_commands():
    """The pages are really read: the README alone has dozens, in both languages the same."""
    english, korean = (
        [step.text for step in steps(ROOT / page) if step.language == "sh"]
        for page in ("README.md", "README.ko.md")
    )
    assert len(english) > 30
    assert english == korean
    assert len(COMMANDS) > 100


@pytest.mark.parametrize("step", COMMANDS, ids=str)
def test_nextloop_understands_what_is_written(step):
    """Each command, argument and option in a block, a sentence or a table is one that there is."""
    parsed(step)


@pytest.mark.parametrize("text", ["nextloop serf", "nextloop serve --lak x", "nextloop train x"])
def test_what_is_misspelt_is_noticed(text):
    """The reading is the command line's own: what it would refuse is refused here."""
    with pytest.raises(Exception, match=r"No such|unexpected|serf"):
        parsed(Step("-", 0, "sh", text))


def test_make_knows_what_is_written():
    """Each `make TARGET` in a block or a sentence is a target."""
    words = [
        step.text.split()[1]
        for page in PAGES
        for step in (*steps(page), *mentioned(page))
        if step.text.startswith("make ")
    ]
    assert set(words) <= TARGETS


def test_scripts_are_there():
    """Each script that is called is in the repository."""
    called = {
        found
        for step in typed()
        for found in re.findall(r"(?:scripts|deploy)/[\w/.-]+\.\w+", step.text)
    }
    assert [name for name in sorted(called) if not (ROOT / name).is_file()] == []


def test_every_command_is_run_or_on_the_list():
    """A command that no page's story runs is of a kind that is listed with its reason."""
    left = [
        str(step)
        for step in typed()
        if reason_not_to_run(step) is None and step.page.replace(".ko.md", ".md") not in FOLLOWED
    ]
    assert left == []


@pytest.mark.parametrize("kind", NOT_RUN)
def test_list_names_nothing_that_is_gone(kind):
    """Each listed kind still fits a command."""
    assert any(re.match(kind, step.text) for step in typed())


def follow(page: str, opened) -> None:
    """Do what the page says, from its top to its end."""
    world = opened(FOLLOWED[page])
    python: list[str] = []
    before = dict(BEFORE)
    for step in steps(ROOT / page):
        if step.language == "python":
            # Examples of a page build on each other, as they would in a notebook.
            python.append(step.text)
            world.follow(Step(step.page, step.line, "python", "\n".join(python)))
        elif reason_not_to_run(step) is None:
            for beginning in [each for each in before if step.text.startswith(each)]:
                before.pop(beginning)(world)
            world.follow(step)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", sorted(set(FOLLOWED) - FROM_NOTHING))
def test_page_does_what_it_says(page, world):
    """From top to end each command ends well and each example runs, on a lake with models."""
    follow(page, world)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", sorted(FROM_NOTHING))
def test_page_does_what_it_says_from_nothing(page, empty):
    """The same for pages that begin with the files."""
    follow(page, empty)
