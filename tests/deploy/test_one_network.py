"""Names and ports are the same in compose, Prometheus' targets, Terraform, settings and docs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml

from nextloop.settings.rollout import RolloutSettings

ROOT = Path(__file__).parents[2]
PLATFORMS = ("airflow", "spark", "mlflow", "backend", "monitoring")
Port = tuple[str, int]


def terraform(root: Path) -> dict[str, Any]:
    """Read the table of ports; quotes are part of what hcl2 gives as text."""
    with (root / "deploy/terraform/locals.tf").open(encoding="utf-8") as file:
        (found,) = hcl2.load(file)["locals"]
    return dict(found)


def scraped(root: Path) -> set[Port]:
    """Ports that Terraform opens to Prometheus, on each platform."""
    table = terraform(root)["scraped"]
    every = table["all"].values()
    return {
        (name, int(port)) for name in PLATFORMS for port in [*every, *table.get(name, {}).values()]
    }


def asked(root: Path) -> set[Port]:
    """Ports that Terraform opens to other platforms."""
    return {
        (rule["to"].strip('"'), int(port))
        for rule in terraform(root)["asked"].values()
        for port in rule["ports"]
    }


def targets(root: Path) -> set[Port]:
    """What Prometheus asks, by platform."""
    found = set()
    for file in (root / "deploy/monitoring/prometheus/targets").glob("*.yml"):
        for group in yaml.safe_load(file.read_text("utf-8")):
            for target in group["targets"]:
                host, port = target.split(":")
                assert re.fullmatch(rf"dowhat-({'|'.join(PLATFORMS)})-1", host), target
                assert group["labels"]["host"] == host, target
                found.add((host.split("-")[1], int(port)))
    return found


def listed(root: Path) -> set[Port]:
    """Ports of `ports.yaml` that other machines reach; test_compose holds it against the files."""
    table = yaml.safe_load((root / "deploy/compose/ports.yaml").read_text("utf-8"))
    return {
        (name, each["port"])
        for name in PLATFORMS
        for each in [*table[name], *table["watched"]]
        if each["open_to"] == "private"
    }


def documented(root: Path) -> set[Port]:
    """Rows of the table of ports in docs/install.md: | `dowhat-PLATFORM-1` | 1234 | ... |."""
    text = (root / "docs/install.md").read_text("utf-8")
    return {
        (name, int(port))
        for name, ports in re.findall(r"^\| `dowhat-(\w+)-1` \| ([\d, ]+) \|", text, re.MULTILINE)
        for port in ports.split(",")
    }


def differences(root: Path) -> list[str]:
    """Name what does not agree."""
    wanted = scraped(root)
    reachable = wanted | asked(root)
    open_ = {("backend", int(port)) for port in terraform(root)["open"]["backend"]}
    pairs = {
        "targets of Prometheus and Terraform's scraped": (targets(root), wanted),
        "ports.yaml of compose and Terraform's": (listed(root), reachable),
        "docs/install.md and Terraform": (documented(root), reachable | open_),
    }
    return [
        f"{what}: {sorted(one ^ other)}" for what, (one, other) in pairs.items() if one != other
    ]


def test_all_agree():
    """What one file opens the others know."""
    assert differences(ROOT) == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("deploy/terraform/locals.tf", "9113", "9114"),
        ("deploy/terraform/locals.tf", "ports = [9099]", "ports = [9098]"),
        ("deploy/terraform/locals.tf", "443", "8443"),
        ("deploy/compose/ports.yaml", "9102", "9103"),
        (
            "deploy/compose/ports.yaml",
            "port: 9113, service: counted, open_to: private",
            "port: 9113, service: counted, open_to: loopback",
        ),
        ("deploy/monitoring/prometheus/targets/node.yml", "spark-1:9100", "spark-1:9101"),
        ("docs/install.md", "9102", "9103"),
    ],
)
def test_one_change_alone_is_told(tmp_path, file, old, new):
    """A port that is changed in one place only is found."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs/install.md", tmp_path / "docs")
    assert differences(tmp_path) == []
    text = (tmp_path / file).read_text("utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new), "utf-8")
    assert differences(tmp_path) != []


def test_nginx_listens_where_the_list_says():
    """The settings' own ports are those of the list."""
    table = yaml.safe_load((ROOT / "deploy/compose/ports.yaml").read_text("utf-8"))["backend"]
    nginx = {each["open_to"]: each["port"] for each in table if each["service"] == "nginx"}
    settings = RolloutSettings()
    assert nginx == {"internet": settings.port, "private": settings.inner_port}


def test_compose_calls_machines_by_their_names():
    """Every dowhat- name in a compose file is a platform's, or a worker's beside it."""
    allowed = {f"dowhat-{name}-1" for name in PLATFORMS}
    allowed |= {"dowhat-airflow-worker", "dowhat-spark-jobs"}
    for file in (ROOT / "deploy/compose").glob("*.yaml"):
        assert set(re.findall(r"dowhat-[a-z0-9-]+", file.read_text("utf-8"))) <= allowed, file.name


def test_terraform_names_machines_so():
    """The first part of the names, and the platforms, are Terraform's too."""
    table = terraform(ROOT)
    assert table["name"].strip('"') == "dowhat"
    assert set(re.findall(r"\w+", table["platforms"])) - {"toset"} == set(PLATFORMS)
