"""Settings: precedence, origins, and what a wrong one says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from nextloop import settings
from nextloop.errors import UsageFault

SECRET = "an-entirely-secret-key-of-32-chars"


def test_defaults_hold_when_nothing_is_given():
    """Without flags, variables or a file, the embedded form on Sail is in force."""
    tree = settings.load()
    assert (tree.spark, tree.lake, tree.orders.timezone) == ("sail", "lake", "Asia/Seoul")
    assert set(settings.sources().values()) == {"default"}


def test_flag_wins_over_environment_over_file(monkeypatch, tmp_path):
    """Of three sources that set the same name, the nearest to the command wins."""
    (tmp_path / "nextloop.toml").write_text('lake = "file"\nlanding = "file"\nspark = "local[2]"\n')
    monkeypatch.setenv("NEXTLOOP_LAKE", "variable")
    monkeypatch.setenv("NEXTLOOP_LANDING", "variable")
    resolved = settings.resolve({"lake": "flag"})
    found = resolved.settings
    assert (found.lake, found.landing, found.spark) == ("flag", "variable", "local[2]")
    assert [resolved.origins[name] for name in ("lake", "landing", "spark", "log_level")] == [
        "flag",
        "environment NEXTLOOP_LANDING",
        "nextloop.toml",
        "default",
    ]


def test_flag_that_is_not_given_changes_nothing(monkeypatch):
    """A flag of None lets the environment speak."""
    monkeypatch.setenv("NEXTLOOP_SERVING__PORT", "9000")
    assert settings.load({"serving.port": None, "serving": {"host": None}}).serving.port == 9000


def test_settings_cannot_be_changed_after_loading():
    """The tree is frozen at every level."""
    tree: Any = settings.load()
    with pytest.raises(ValidationError):
        tree.lake = "other"
    with pytest.raises(ValidationError):
        tree.serving.port = 1


def test_named_settings_file_is_read_from_anywhere(monkeypatch, tmp_path):
    """NEXTLOOP_CONFIG names another file than nextloop.toml and the origin says which."""
    path = tmp_path / "site.toml"
    path.write_text("[serving]\nport = 8123\n")
    monkeypatch.setenv("NEXTLOOP_CONFIG", str(path))
    resolved = settings.resolve()
    assert resolved.settings.serving.port == 8123
    assert resolved.origins["serving.port"] == str(path)


def test_status_words_are_added_to_the_known_ones(monkeypatch):
    """A site lists only its own words; upper and lower case are the same word."""
    monkeypatch.setenv("NEXTLOOP_ORDERS__STATUS_MAP", json.dumps({"finished": "complete"}))
    words = settings.load().orders.status_map
    assert words["FINISHED"] == "complete"
    assert words["REFUSED"] == "refused"


def test_zone_of_one_hotel_can_differ(monkeypatch):
    """A hotel has its own zone when it is listed, else the general one."""
    monkeypatch.setenv("NEXTLOOP_ORDERS__HOTEL_TIMEZONES__7", "Asia/Tokyo")
    orders = settings.load().orders
    assert (orders.timezone_of(7), orders.timezone_of(8)) == ("Asia/Tokyo", "Asia/Seoul")


@pytest.mark.parametrize(
    ("variable", "value", "named", "allowed"),
    [
        ("NEXTLOOP_SPARK", "yarn", "spark = 'yarn'", "local[N]"),
        ("NEXTLOOP_SPARK", "local[0]", "spark = 'local[0]'", "sc://host:15002"),
        ("NEXTLOOP_LOG_FORMAT", "xml", "log_format = 'xml'", "auto, console or json"),
        ("NEXTLOOP_SERVING__PORT", "http", "serving.port = 'http'", "a whole number"),
        ("NEXTLOOP_SERVING__PORT", "65536", "serving.port = '65536'", "65535 or less"),
        ("NEXTLOOP_RECOMMENDER__K", "0", "recommender.k = '0'", "1 or more"),
        ("NEXTLOOP_ORDERS__TIMEZONE", "Asia/Soul", "orders.timezone", "Asia/Seoul"),
        ("NEXTLOOP_ORDERS__TIMEZONE", "../etc/passwd", "orders.timezone", "IANA"),
        ("NEXTLOOP_ORDERS__STATUS_MAP", "[1]", "orders.status_map", "JSON object"),
        ("NEXTLOOP_ORDERS__STATUS_MAP__DONE", "yes", "status_map[DONE] = 'yes'", "cancelled"),
        ("NEXTLOOP_LAKE", "s3://bucket/lake", "lake = 's3://bucket/lake'", "gs://bucket/path"),
    ],
)
def test_wrong_value_names_setting_value_origin_and_what_is_allowed(
    monkeypatch, variable, value, named, allowed
):
    """One sentence holds the name, the value and its source; the advice what would do."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageFault) as caught:
        settings.load()
    assert named in caught.value.message
    assert "environment NEXTLOOP_" in caught.value.message
    assert allowed in caught.value.hint
    assert "\n" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("flags", "nearest"),
    [
        ({"serving.prt": 1}, "serving.port"),
        ({"lak": "x"}, "lake"),
        ({"log": {"x": 1}}, "log_level"),
    ],
)
def test_unknown_flag_is_refused_with_the_nearest_name(flags, nearest):
    """A name that does not exist is no silent no-op."""
    with pytest.raises(UsageFault, match="is no setting") as caught:
        settings.load(flags)
    assert nearest in caught.value.hint


def test_unknown_variable_is_refused_with_the_nearest_name(monkeypatch):
    """A mistyped NEXTLOOP_ variable stops the command instead of doing nothing."""
    monkeypatch.setenv("NEXTLOOP_LOGLEVEL", "debug")
    with pytest.raises(UsageFault, match="NEXTLOOP_LOGLEVEL is no setting") as caught:
        settings.load()
    assert "NEXTLOOP_LOG_LEVEL" in caught.value.hint


def test_unknown_name_in_the_file_is_refused_with_file_and_nearest_name(tmp_path):
    """The file's own name stands in the message."""
    (tmp_path / "nextloop.toml").write_text("[orders]\ntime_zone = 'Asia/Seoul'\n")
    with pytest.raises(UsageFault, match=r"orders\.time_zone .*from nextloop\.toml") as caught:
        settings.load()
    assert "orders.timezone" in caught.value.hint


@pytest.mark.parametrize("text", ["lake = \n", "lake\n", 'lake = "a"\nlake = "b"\n'])
def test_file_that_is_not_toml_says_where(tmp_path, text):
    """A syntax error names the file and the line."""
    (tmp_path / "nextloop.toml").write_text(text)
    with pytest.raises(UsageFault, match=r"nextloop\.toml is not TOML: .*line \d"):
        settings.load()


def test_missing_named_file_is_refused(monkeypatch):
    """A settings file that was asked for must be there."""
    monkeypatch.setenv("NEXTLOOP_CONFIG", "nowhere.toml")
    with pytest.raises(UsageFault, match=r"nowhere\.toml is not there"):
        settings.load()


def test_group_given_as_a_value_is_refused():
    """`serving = 3` says that serving is a group and names one of its settings."""
    with pytest.raises(UsageFault, match="is a group") as caught:
        settings.load({"serving": 3})
    assert "serving.host" in caught.value.hint


def test_several_mistakes_are_counted(monkeypatch):
    """The first is told whole, the others by number."""
    monkeypatch.setenv("NEXTLOOP_SPARK", "yarn")
    monkeypatch.setenv("NEXTLOOP_SERVING__PORT", "x")
    with pytest.raises(UsageFault) as caught:
        settings.load()
    assert "1 more" in caught.value.hint


def test_secret_is_never_shown(monkeypatch, tmp_path):
    """Neither the tree's text nor a fault about the secret holds it."""
    monkeypatch.setenv("NEXTLOOP_PRIVACY__GUEST_KEY", SECRET)
    tree = settings.load()
    assert SECRET not in repr(tree) + str(tree.model_dump())
    assert tree.privacy.guest_key is not None
    assert settings.masked("privacy.guest_key", tree.privacy.guest_key) == "********"
    monkeypatch.delenv("NEXTLOOP_PRIVACY__GUEST_KEY")
    (tmp_path / "nextloop.toml").write_text(f"[privacy]\nguest_key = ['{SECRET}']\n")
    with pytest.raises(UsageFault, match="guest_key") as caught:
        settings.load()
    assert SECRET not in caught.value.message + caught.value.hint


def test_password_in_an_address_is_masked():
    """The database's address is shown without its password."""
    shown = settings.masked("mlflow.tracking_uri", "postgresql://mlflow:hunter2@db:5432/mlflow")
    assert shown == "postgresql://mlflow:********@db:5432/mlflow"
    assert settings.masked("spark", "sc://h:1/;token=abc;x=1") == "sc://h:1/;token=********;x=1"


def test_key_file_lies_in_the_home_folder():
    """The tilde is the home of whoever runs the command."""
    path = settings.load().privacy.guest_key_file
    assert path == Path.home() / ".config/nextloop/guest.key"


@pytest.mark.parametrize(
    "engine",
    ["sail", "local[2]", "local[*]", "spark://a:7077,b:7077", "sc://h:15002", "sc://h:1/;token=x"],
)
def test_engines_of_the_design_are_accepted(engine):
    """Every form of the one engine setting passes."""
    assert settings.load({"spark": engine}).spark == engine


@given(st.text(max_size=20))
def test_any_text_is_a_fault_or_an_engine(text):
    """No value raises anything but a usage fault."""
    try:
        accepted = settings.load({"spark": text}).spark
    except UsageFault:
        return
    assert accepted == text


def test_every_setting_has_a_variable_and_a_description():
    """Each leaf can be set from the environment and is explained."""
    assert settings.variable("orders.timezone") == "NEXTLOOP_ORDERS__TIMEZONE"
    for name, field in settings.leaves().items():
        assert field.description, name
