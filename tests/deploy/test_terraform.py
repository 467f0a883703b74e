"""What Terraform's files promise: names, sizes, who may reach what, and no secret in them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import hcl2
import pytest
from tests.deploy.composing import config

from nextloop import settings as settings_tree

FOLDER = Path(__file__).parents[2] / "deploy/terraform"


def _bare(value: Any) -> Any:
    """Take the quotes off what the parser gives."""
    if isinstance(value, dict):
        return {_bare(key): _bare(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_bare(one) for one in value]
    return value.strip('"') if isinstance(value, str) else value


def _blocks(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for file in sorted(FOLDER.glob("*.tf")):
        with file.open(encoding="utf-8") as text:
            for block in _bare(hcl2.load(text)).get(kind, []):
                for name, body in block.items():
                    found.setdefault(name, {}).update(body)
    return found


@pytest.fixture(scope="module")
def resources():
    return _blocks("resource")


@pytest.fixture(scope="module")
def variables():
    return _blocks("variable")


def test_defaults_are_those_of_the_company(variables):
    """Seoul, Ubuntu 24.04 on x86-64, e2-standard-4, 100 GB and no less."""
    default = {name: body.get("default") for name, body in variables.items()}
    assert default["region"] == "asia-northeast3"
    assert default["machine_type"] == "e2-standard-4"
    assert default["image"].endswith("ubuntu-2404-lts-amd64")
    assert default["disk_gb"] == 100
    assert ">= 100" in str(variables["disk_gb"]["validation"])
    assert all(body.get("description") for body in variables.values())


def test_only_callers_reach_in_from_outside(resources):
    """One rule has everybody as its source; it leads to the backend's two ports."""
    rules = resources["google_compute_firewall"]
    everybody = [n for n, rule in rules.items() if "0.0.0.0/0" in rule.get("source_ranges", [])]
    assert everybody == ["callers"]
    assert "backend" in str(rules["callers"]["target_service_accounts"])
    assert rules["ssh"]["source_ranges"] == ["35.235.240.0/20"]
    for name, rule in rules.items():
        assert rule["target_service_accounts"], name
        assert rule.get("source_ranges") or rule.get("source_service_accounts"), name


def test_one_machine_alone_has_an_address_outside(resources):
    """The backend; the others go out through NAT."""
    machine = resources["google_compute_instance"]["platform"]
    (dynamic,) = [d for d in machine["network_interface"][0]["dynamic"] if "access_config" in d]
    assert 'each.key == "backend"' in dynamic["access_config"]["for_each"]
    assert "google_compute_router_nat" in resources


def test_buckets_are_nobody_elses(resources):
    """No public access, one way to give rights, and what was removed can come back."""
    bucket = resources["google_storage_bucket"]["data"]
    assert bucket["uniform_bucket_level_access"] in {True, "true"}
    assert bucket["public_access_prevention"] == "enforced"
    assert bucket["versioning"]
    assert bucket["soft_delete_policy"]


def test_nobody_has_a_broad_role(resources):
    """No owner, editor or admin of storage, and nothing for all users."""
    text = "".join(file.read_text("utf-8") for file in FOLDER.glob("*.tf"))
    for role in ("roles/owner", "roles/editor", "storage.admin", "objectAdmin", "allUsers",
                 "allAuthenticatedUsers"):  # fmt: skip
        assert role not in text


def test_no_value_of_a_secret_goes_through_it(resources):
    """Secrets are made empty, accounts have no keys, outputs and variables name none."""
    assert "google_secret_manager_secret" in resources
    assert "google_secret_manager_secret_version" not in resources
    assert "google_service_account_key" not in resources
    told = {*_blocks("variable"), *_blocks("output")}
    assert not [name for name in told if re.search("password|token|_key", name)]


def test_every_name_that_is_used_is_there(resources, variables):
    """What files refer to is declared in one of them: resources, variables and locals."""
    text = "".join(file.read_text("utf-8") for file in FOLDER.glob("*.tf"))
    text = re.sub(r"#.*", "", text)
    named = {(kind, name) for kind, some in resources.items() for name in some}
    used = set(re.findall(r"\b(google_\w+)\.(\w+)", text))
    assert used <= named
    assert set(re.findall(r"\bvar\.(\w+)", text)) == set(variables)
    local: set[str] = set()
    for file in FOLDER.glob("*.tf"):
        with file.open(encoding="utf-8") as opened:
            for block in hcl2.load(opened).get("locals", []):
                local |= set(block)
    assert set(re.findall(r"\blocal\.(\w+)", text)) <= local


def _rendered(platform: str) -> str:
    """Fill the template in as `templatefile` does, for the few forms that it has."""
    given = {
        "platform": platform, "domain": "dowhat.internal", "repository": "https://example.com/r",
        "revision": "v1.0.0", "address": "10.20.0.2", "landing": "gs://l", "lake": "gs://k",
        "models": "gs://m", "mlflow": "dowhat-mlflow-1",
    }  # fmt: skip
    text = (FOLDER / "start.sh.tftpl").read_text("utf-8")
    text = re.sub(
        r"%\{ for name, path in secrets ~\}\n(.*?)%\{ endfor ~\}\n",
        lambda found: found[1].replace("${name}", "one").replace("${path}", "two/three"),
        text,
        flags=re.DOTALL,
    )
    return re.sub(r"\$\{(\w+)\}", lambda found: given[found[1]], text)


@pytest.mark.parametrize("platform", ["airflow", "monitoring"])
def test_start_script_is_sound(tmp_path, platform):
    """Rendered, it passes shellcheck, and names nothing that Terraform does not give."""
    script = tmp_path / "start.sh"
    script.write_text(_rendered(platform))
    shellcheck = shutil.which("shellcheck", path=str(Path(sys.executable).parent))
    assert shellcheck, "shellcheck comes with the development environment"
    done = subprocess.run(
        [shellcheck, "--exclude=SC1091", str(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    given = set(
        re.findall(r"^ {6}(\w+) +=", (FOLDER / "instances.tf").read_text("utf-8"), re.MULTILINE)
    )
    used = set(re.findall(r"\$\{(\w+)\}", (FOLDER / "start.sh.tftpl").read_text("utf-8")))
    assert used - {"name", "path"} <= given


def test_machine_settings_fit_what_containers_mount(monkeypatch):
    """Who runs the rollout there reads and writes the folders that slots have, and every variable
    is a setting."""
    found = re.search(r"<<'ENVIRONMENT'\n(.*?)ENVIRONMENT\n", _rendered("backend"), re.DOTALL)
    assert found
    given = dict(line.split("=", 1) for line in found[1].splitlines())
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = settings_tree.load()
    slot = config("backend")["services"]["blue_app"]
    mounted = {each["target"]: Path(each["source"]) for each in slot["volumes"]}
    assert mounted["/etc/nextloop/keys"] / "api-keys.json" == settings.serving.keys_file
    assert mounted["/var/lib/nextloop/events"] == settings.serving.events_folder
    assert mounted["/models"] == settings.mlflow.model_cache
    secret = config("backend")["secrets"]["guest_key"]["file"]
    assert Path(secret) == settings.privacy.guest_key_file
    assert settings.rollout.runner == "compose"
    root = Path(__file__).parents[2]
    for place in (settings.rollout.compose_file, settings.rollout.nginx):
        assert (root / Path(str(place)).relative_to("/opt/nextloop")).is_file()
