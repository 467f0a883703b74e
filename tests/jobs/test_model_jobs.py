"""Promote, compare and reproduce on a real lake: simulated hotels, two weeks' trainings."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest

from nextloop import settings as settings_tree
from nextloop.cli import app as cli
from nextloop.errors import DataFault, UsageFault
from nextloop.jobs import promotion, reproducing, run
from nextloop.jobs.features import features
from nextloop.jobs.ingest import ingest
from nextloop.jobs.reproducing import reproduce
from nextloop.jobs.train import train
from nextloop.jobs.versus import versus
from nextloop.registry import lifecycle, states
from nextloop.registry.record import changed, recorded
from nextloop.registry.store import locate, opened
from nextloop.simulator import SimulatorConfig, simulate, write

pytestmark = pytest.mark.slow

KEY = "a key for tests only, long enough"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("server", marks=pytest.mark.mlflow)])
def flags(request, tmp_path_factory, sail):
    """A lake with two trainings, a week apart, of which nothing is in production."""
    folder = tmp_path_factory.mktemp("trained")
    mlflow = request.getfixturevalue("server") if request.param == "server" else {}
    config = SimulatorConfig(hotels=2, weeks=6, orders=4_000)
    write(simulate(config), folder / "landing", folder / "truth")
    flags = {
        "landing": str(folder / "landing"),
        "lake": str(folder / "lake"),
        "privacy.guest_key": KEY,
        "registry.model_name": "trained",
        "mlflow.model_cache": str(folder / "models"),
        **mlflow,
    }
    settings = settings_tree.load(flags)
    ingest(settings, sail)
    for week in (5, 6):
        as_of = config.start + dt.timedelta(weeks=week, days=-1)
        features(settings, as_of, sail)
        train(settings, as_of)
    return flags


@pytest.fixture(scope="module")
def settings(flags):
    return settings_tree.load(flags)


@pytest.fixture(scope="module")
def versions(settings):
    """Numbers by model, of the older and the newer training."""
    from nextloop.registry.overview import listed

    rows = sorted(listed(settings), key=lambda row: row["version"])
    older, newer = ({row["model"]: row["version"] for row in rows if row["as_of"] == day}
                    for day in sorted({row["as_of"] for row in rows}))  # fmt: skip
    return older, newer


def test_the_better_model_is_told_with_for_whom_and_how_sure(settings, versions):
    """Ranker beats popularity surely, over all orders and for hotels; the mirror image agrees."""
    older, newer = versions
    found = versus(settings, newer["ranker"], older["popularity"])
    assert found.whole.verdict == "better"
    assert 0 < found.whole.low <= found.whole.gain <= found.whole.high
    assert found.words[0].startswith(f"Version {newer['ranker']} (ranker) is better than version")
    assert "That is sure." in found.words[0]
    named = {part.part for part in found.parts}
    assert {"hotel 1", "hotel 2", "the missing item of a cart"} <= named
    hotels = [part.orders for part in found.parts if part.part.startswith("hotel")]
    assert sum(hotels) == found.whole.orders
    mirrored = versus(settings, older["popularity"], newer["ranker"])
    assert mirrored.whole.gain == pytest.approx(-found.whole.gain)
    assert mirrored.whole.verdict == "worse"


def test_a_version_is_not_compared_with_itself(settings, versions):
    """It says which version both are."""
    with pytest.raises(UsageFault, match="Both are version"):
        versus(settings, versions[0]["ranker"], versions[0]["ranker"])


def test_a_version_comes_out_again_byte_for_byte(settings, versions, tmp_path):
    """Trained again from the record, every file has the digest that was registered."""
    found = reproduce(settings, versions[0]["ranker"], tmp_path)
    assert (found.equal, found.differing_files) == (True, ())
    assert found.digest == found.recorded_digest
    assert (found.folder / "manifest.json").exists()


def test_another_training_is_told_file_by_file(settings, versions, tmp_path, monkeypatch):
    """What comes out other is named; files that do not depend on the change are not."""
    record = recorded(settings, versions[0]["ease"])
    weaker = replace(record.config, ease_strength=record.config.ease_strength * 2)
    monkeypatch.setattr(reproducing, "recorded", lambda *_: replace(record, config=weaker))
    found = reproduce(settings, record.ref.version, tmp_path)
    assert not found.equal
    assert found.digest != found.recorded_digest == record.ref.digest
    assert "bundle.json" in found.differing_files  # it holds the configuration
    assert "catalog.npz" not in found.differing_files


def test_a_changed_record_does_not_pass(settings, versions):
    """Another library is named; a table version that does not hold that day is refused."""
    record = recorded(settings, versions[0]["ranker"])
    assert changed(record) == []
    other = replace(record, surroundings={**record.surroundings, "library.numpy": "1.0"})
    assert changed(other)[0].startswith("library.numpy was 1.0, is ")
    number = versions[1]["context"]
    run_id = recorded(settings, number).ref.run
    with opened(locate(settings)) as client:
        client.set_tag(run_id, "table.interactions", str(record.tables["interactions"]))
    with pytest.raises(DataFault, match="no interactions as of"):
        reproduce(settings, number, Path("again"))


def test_what_is_worse_than_production_stays_out(settings, versions):
    """Beyond the margin it is refused with both figures; within, it is promoted."""
    _, newer = versions
    assert promotion.promote(settings, newer["ranker"], "first").production == newer["ranker"]
    with pytest.raises(promotion.NotPromoted, match="below is allowed") as refused:
        promotion.promote(settings, newer["popularity"], "worse")
    assert "nextloop models compare" in refused.value.hint
    now = states.production(lifecycle.history(settings))
    assert now is not None
    assert now.version == newer["ranker"]
    same = promotion.promote(settings, newer["ranker"], "again")
    assert (same.changed, same.production) == (False, newer["ranker"])


@pytest.mark.parametrize(
    ("limit", "value", "why"),
    [
        ("registry.max_model_bytes", 1000, "1,000 are allowed"),
        ("registry.max_answer_milliseconds", 0.001, "0.001 ms are allowed"),
    ],
)
def test_what_is_too_large_or_slow_stays_out(flags, versions, tmp_path, limit, value, why):
    """Each limit is a setting, the refusal names what was found, and refusing is no failed job."""
    tight = settings_tree.load({**flags, limit: value, "metrics_folder": str(tmp_path)})
    with pytest.raises(promotion.NotPromoted, match=why):
        promotion.promote(tight, versions[0]["ranker"], "x")
    assert [file.name for file in tmp_path.glob("*.prom")] == ["nextloop_promote.prom"]


def test_a_run_whose_model_does_not_pass_ends_well(flags, settings):
    """What is in production stays, and the message says which version and why."""
    before = states.production(lifecycle.history(settings))
    assert before is not None
    tight = settings_tree.load({**flags, "registry.max_model_bytes": 1000})
    production, message = run._released(tight, "weekly")
    assert production == before.version
    assert message.endswith(f"Version {before.version} stays in production.")


def test_a_promotion_meanwhile_is_noticed(settings, versions):
    """What was examined beside one production does not replace another one."""
    seen = lifecycle.history(settings)
    lifecycle.promote(settings, versions[0]["ranker"], "meanwhile")
    with pytest.raises(DataFault, match="meanwhile: nothing was changed"):
        lifecycle.promote(settings, versions[1]["context"], "late", seen=tuple(seen))


def test_compare_and_reproduce_by_command(flags, versions, capsys, monkeypatch):
    """Both speak in sentences and in JSON; exit code 0 where all is equal."""
    for name, value in flags.items():
        monkeypatch.setenv(settings_tree.variable(name), value)
    older, newer = versions
    pair = [str(newer["ranker"]), str(newer["popularity"])]
    assert cli.run(["models", "compare", *pair]) == 0
    assert "Surely better for" in capsys.readouterr().out
    assert cli.run(["models", "compare", *pair, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metric"] == "ndcg_at_10"
    assert cli.run(["models", "reproduce", str(older["context"])]) == 0
    assert "every file is the same" in capsys.readouterr().out
