"""Which parts a change belongs to: GitHub's workflows test and release nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = {"api", "jobs", "rollout", "orchestration", "mlflow", "monitoring", "images"}


def git(folder, *arguments):
    """Run git as somebody, on its own."""
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path):
    """A repository with the script and one commit."""
    folder = tmp_path / "project"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "changed.sh", folder / "scripts")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


def changed(folder, base, head="HEAD"):
    """Ask which parts two commits differ in."""
    command = [str(folder / "scripts" / "changed.sh"), base, head]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    said = dict(line.split("=") for line in done.stdout.splitlines())
    assert said.keys() == PARTS
    assert set(said.values()) <= {"true", "false"}
    return {part for part, value in said.items() if value == "true"}


def commit(folder, *paths):
    """Change files and return the commit before."""
    before = git(folder, "rev-parse", "HEAD")
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("changed\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "next")
    return before


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("LICENSE", set()),
        ("docs/scale.md", {"jobs"}),
        ("src/nextloop/orders/schema.py", {"jobs", "orchestration"}),
        ("src/nextloop/simulator/menu.py", {"jobs", "orchestration"}),
        ("src/nextloop/serving/app.py", {"api", "jobs", "rollout", "orchestration"}),
        ("src/nextloop/recommender/ranker.py", {"api", "jobs", "orchestration", "mlflow"}),
        ("orchestration/dags/weekly.py", {"orchestration"}),
        ("requirements/orchestration.txt", {"jobs", "orchestration"}),
        ("deploy/nginx/nginx.conf.template", {"api", "jobs", "rollout", "images"}),
        ("deploy/Dockerfile", {"api", "jobs", "rollout", "images"}),
        ("deploy/mlflow/start.sh", {"api", "jobs", "rollout", "mlflow", "images"}),
        ("deploy/monitoring/dashboards/api.py", {"api", "jobs", "rollout", "monitoring"}),
        ("requirements/mlflow.txt", {"jobs", "orchestration", "mlflow", "images"}),
        ("tests/rollout/test_proxy.py", {"jobs", "rollout"}),
        ("Makefile", PARTS),
        (".github/workflows/ci.yml", PARTS),
    ],
)
def test_change_belongs_to_its_parts(project, path, parts):
    """A file changes the parts that are made of it, and no other."""
    assert changed(project, commit(project, path)) == parts


def test_removed_and_moved_files_are_changes(project):
    """What went away changed as well, also from one part into another."""
    commit(project, "orchestration/dags/weekly.py")
    before = git(project, "rev-parse", "HEAD")
    (project / "docs").mkdir()
    git(project, "mv", "orchestration/dags/weekly.py", "docs/weekly.py")
    git(project, "commit", "--quiet", "--message", "moved")
    assert changed(project, before) == {"jobs", "orchestration"}


@pytest.mark.parametrize("base", ["0" * 40, "f" * 40, ""])
def test_unknown_base_changes_all(project, base):
    """A new branch, or a history that was rewritten: everything is tested."""
    assert changed(project, base) == PARTS


def test_api_is_what_its_process_imports(project):
    """No module that the API or the rollout loads can change without a release."""
    code = (
        "import nextloop.cli.app, nextloop.cli.serve, nextloop.cli.rollout\n"
        "import nextloop.serving.server, nextloop.serving.locate, nextloop.rollout.deploy\n"
        "import sys\n"
        "print(*sorted(m.__file__ for n, m in sys.modules.items() if n.startswith('nextloop')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    files = [Path(name).relative_to(ROOT) for name in done.stdout.split()]
    assert len(files) > 50
    # One file of each folder stands for it.
    folders = {str(file) if file.parts[2:] == (file.name,) else str(file.parent): file
               for file in files}  # fmt: skip
    for file in folders.values():
        assert "api" in changed(project, commit(project, file)), file
