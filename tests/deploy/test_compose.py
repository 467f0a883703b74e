"""What holds for every service of deploy/compose, as Docker Compose itself reads the files."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from tests.deploy.composing import ASKED, FOLDER, PLATFORMS, ROOT, compose, config, services

# Root without root's rights, and why: docs/decisions/0022.
ROOTS = {"cadvisor", "engine"}
ENDS_BY_ITSELF = {"migrate", "client", "jobs"}
OURS = re.compile(r"nextloop-(api|spark|airflow|mlflow)")
EXACT = re.compile(r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?(@sha256:[0-9a-f]{64})?")
ADDRESS = {"loopback": "127.0.0.1", "private": "10.1.2.3"}


def ports():
    """Give the one list of ports."""
    return yaml.safe_load((FOLDER / "ports.yaml").read_text())


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_file_is_understood(platform):
    """Docker Compose takes each platform's file, and the services of the machine are in it."""
    assert {"node", "cadvisor", "engine"} <= set(config(platform)["services"])


def test_every_service_is_closed():
    """No service is root, writes to its image, keeps a right, or is without limits."""
    for platform, name, service in services():
        what = f"{platform}/{name}"
        user = service.get("user", "")
        assert re.fullmatch(r"\d+:\d+", user), what
        assert (user.split(":")[0] == "0") == (name in ROOTS), what
        assert service["read_only"] is True, what
        assert service["cap_drop"] == ["ALL"], what
        assert "no-new-privileges:true" in service["security_opt"], what
        assert int(service["mem_limit"]) > 0, what
        assert int(service["pids_limit"]) > 0, what
        assert not service.get("privileged"), what


def test_rights_are_given_to_nginx_alone():
    """Two rights, which are none unless root runs the rollout."""
    given = {name: service["cap_add"] for _, name, service in services() if "cap_add" in service}
    assert given == {"nginx": ["SETGID", "SETUID"]}


def test_every_service_tells_whether_it_is_well():
    """A health check stands in the file or in our image; what ends by itself has none."""
    for platform, name, service in services():
        check = service.get("healthcheck", {})
        in_image = OURS.match(service["image"]) and not service["image"].endswith("spark")
        if name in ENDS_BY_ITSELF:
            assert check.get("disable"), f"{platform}/{name}"
        else:
            assert check.get("test") or in_image, f"{platform}/{name}"


def test_images_of_others_have_an_exact_version():
    """`latest`, or a series such as 15, would be another program tomorrow."""
    for platform, name, service in services():
        image = service["image"]
        assert OURS.fullmatch(image) or EXACT.fullmatch(image), f"{platform}/{name}: {image}"


def test_no_secret_is_a_value():
    """Whatever is named like a secret is a file, and every file of secrets is outside."""
    for platform, name, service in services():
        for variable, value in (service.get("environment") or {}).items():
            secret = re.search(r"PASSWORD|SECRET|TOKEN|_KEY$|WEBHOOK", variable)
            is_file = variable.endswith("_FILE")
            assert not secret or is_file, f"{platform}/{name}: {variable}"
            if is_file and value is not None:  # else handed on from who starts it
                outside = ("/run/secrets/", "/etc/nextloop/")
                assert value.startswith(outside), f"{platform}/{name}: {variable}={value}"
    for platform in PLATFORMS:
        for name, secret in config(platform)["secrets"].items():
            assert secret["file"].startswith("/etc/nextloop/"), f"{platform}: {name}"


def test_slots_differ_in_their_names_alone():
    """What blue is told, sees and may do, green is, sees and may."""
    slots = config("backend")["services"]
    blue, green = (json.dumps(slots[f"{name}_app"]) for name in ("blue", "green"))
    assert blue != green
    assert blue.replace("blue", "green") == green


@pytest.mark.parametrize("platform", sorted(ASKED))
def test_what_only_you_know_is_asked_for(platform):
    """A missing value stops Compose by its name and with what it is."""
    for left_out in ASKED[platform]:
        given = {name: value for name, value in ASKED[platform].items() if name != left_out}
        done = compose(platform, "config", "--quiet", variables=given)
        assert done.returncode != 0
        assert left_out in done.stderr
        assert "gs://" in done.stderr


def test_platforms_share_one_network():
    """Those that call each other by name are on `nextloop`, which none of them makes or removes."""
    sharing = {
        platform
        for platform in PLATFORMS
        if config(platform).get("networks", {}).get("nextloop", {}).get("external")
    }
    assert sharing == {"airflow", "spark", "mlflow"}
    names = {
        alias
        for platform in sharing
        for service in config(platform)["services"].values()
        for alias in ((service.get("networks") or {}).get("nextloop") or {}).get("aliases", [])
    }
    machines = {f"dowhat-{platform}-1" for platform in sharing}
    assert machines <= names


def test_only_listed_ports_are_published():
    """What the files publish is what ports.yaml lists, on the address that it says."""
    listed = ports()
    for platform in PLATFORMS:
        done = compose(
            platform, "config", "--format", "json",
            variables={**ASKED.get(platform, {}), "PRIVATE_ADDRESS": ADDRESS["private"]},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found = yaml.safe_load(done.stdout)["services"]
        published = {
            (int(port["published"]), name, port["host_ip"])
            for name, service in found.items()
            for port in service.get("ports", [])
        }
        on_host = {name for name, one in found.items() if one.get("network_mode") == "host"}
        wanted = {
            (each["port"], each["service"], ADDRESS[each["open_to"]])
            for each in [*listed[platform], *listed["watched"]]
            if each["service"] not in on_host
        }
        assert published == wanted, platform
        known = {each["service"] for each in [*listed[platform], *listed["watched"]]}
        assert on_host <= known, platform


def test_prometheus_asks_listed_ports():
    """Every target is a machine of the platforms and a port that its list opens to it."""
    listed = ports()
    for file in sorted((ROOT / "deploy/monitoring/prometheus/targets").glob("*.yml")):
        for group in yaml.safe_load(file.read_text()):
            for target in group["targets"]:
                host, _, port = target.partition(":")
                platform = host.removeprefix("dowhat-").rpartition("-")[0]
                private = [
                    each["port"]
                    for each in [*listed[platform], *listed["watched"]]
                    if each["open_to"] == "private"
                ]
                assert int(port) in private, f"{file.name}: {target}"
