"""Rules of the source that no linter checks: size, names, and model files without pickle."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
# Tests may name pickle: they block it to show that nothing needs it.
OUR_CODE = [*SOURCES, *sorted((ROOT / "benchmarks").rglob("*.py"))]

LONGEST_MODULE = 250
LONGEST_FUNCTION = 60
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "core", "misc"}
# Loading any of these formats runs code from the file.
FORBIDDEN_IMPORTS = {"pickle", "cPickle", "_pickle", "cloudpickle", "joblib", "dill", "shelve"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_module_can_be_read_in_one_go(path):
    """A module has at most 250 lines and a function 60."""
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_module_says_which_station_it_is(path):
    """Every module starts with a docstring."""
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_module_name_says_what_it_does(path):
    """No drawer for odds and ends: utils, helpers, common, manager, core."""
    assert not FORBIDDEN_NAMES & {path.stem, *path.relative_to(ROOT).parts[:-1]}


@pytest.mark.parametrize("path", OUR_CODE, ids=_name)
def test_no_module_imports_pickle(path):
    """Nothing of ours reads or writes a format that runs code when it is loaded."""
    tree = ast.parse(path.read_text("utf-8"))
    assert not FORBIDDEN_IMPORTS & _imported(tree)
    allowing = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle"
    ]
    assert all(isinstance(value, ast.Constant) and value.value is False for value in allowing)


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_every_numpy_load_refuses_pickle(path):
    """np.load names allow_pickle=False, so that a reader need not know numpy's default."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"np.load", "numpy.load"}:
            assert "allow_pickle" in {keyword.arg for keyword in node.keywords}


def test_sources_are_found():
    """The rules above were applied to something."""
    assert len(SOURCES) > 10
