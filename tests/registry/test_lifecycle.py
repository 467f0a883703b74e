"""Staging, promoting and rolling back on a real MLflow store and a real ledger."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nextloop import settings as settings_tree
from nextloop.errors import DataFault, SystemFault, UsageFault
from nextloop.registry import changes, ledger, lifecycle, manifest
from nextloop.registry.resolve import resolve
from nextloop.registry.store import locate, opened
from nextloop.storage import delta
from nextloop.tables.promotions import PROMOTIONS


def test_the_best_that_pass_the_gate_are_staged(settings, mlflow_says):
    """Of ranker, context, popularity and the failing together, the first two are staged."""
    outcome = lifecycle.stage_best(settings, 2)
    assert (outcome.changed, outcome.staged, outcome.production) == (True, (2, 4), None)
    assert mlflow_says(settings) == (None, {1: None, 2: "staging", 3: None, 4: "staging"})
    assert resolve("staging", settings).version == 4
    again = lifecycle.stage_best(settings, 2)
    assert not again.changed
    assert "nothing to change" in again.message
    assert lifecycle.stage_best(settings).staged == (1, 2, 4)


def test_promote_roll_back_and_read_why(settings, mlflow_says):
    """The whole way, with Korean reasons, ends in a ledger that tells it and an alias that fits."""
    lifecycle.stage_best(settings, 2)
    lifecycle.promote(settings, 2, "첫 배포: 시간대별 추천")
    outcome = lifecycle.promote(settings, "staging", "재방문 손님에게 더 정확함")
    assert (outcome.production, outcome.staged) == (4, ())
    assert mlflow_says(settings) == (4, {1: None, 2: "archived", 3: None, 4: "production"})
    back = lifecycle.rollback(settings, reason="아침 메뉴가 이상해요")
    assert back.production == 2
    assert mlflow_says(settings) == (2, {1: None, 2: "production", 3: None, 4: "archived"})
    told = [(e.action, e.version, e.previous_version, e.reason)
            for e in lifecycle.history(settings)]  # fmt: skip
    assert told[2:] == [
        ("promote", 2, None, "첫 배포: 시간대별 추천"),
        ("promote", 4, 2, "재방문 손님에게 더 정확함"),
        ("archive", 2, None, "promote of version 4: 재방문 손님에게 더 정확함"),
        ("rollback", 2, 4, "아침 메뉴가 이상해요"),
        ("archive", 4, None, "rollback of version 2: 아침 메뉴가 이상해요"),
    ]
    assert [e.sequence for e in lifecycle.history(settings)] == list(range(1, 8))


def test_promoting_what_is_in_production_changes_nothing(settings):
    """It says so, and the ledger has no new row."""
    lifecycle.promote(settings, 4, "first")
    before = ledger.read(locate(settings).lake)
    outcome = lifecycle.promote(settings, 4, "again")
    assert not outcome.changed
    assert outcome.message == "Version 4 (ranker) is in production: nothing to change."
    assert ledger.read(locate(settings).lake) == before


def test_rolling_back_to_a_named_version(settings):
    """Any version that was in production can be named, no other."""
    lifecycle.promote(settings, 1, "a")
    lifecycle.promote(settings, 2, "b")
    lifecycle.promote(settings, 4, "c")
    assert lifecycle.rollback(settings, to=1).production == 1
    assert not lifecycle.rollback(settings, to=1).changed
    with pytest.raises(DataFault, match="Version 3 was never in production") as fault:
        lifecycle.rollback(settings, to=3)
    assert "1, 2, 4" in fault.value.hint


def test_there_is_nothing_to_roll_back_to(settings, no_models):
    """The first production version has no predecessor, and an empty lake has nothing at all."""
    for tree in (settings, no_models):
        with pytest.raises(DataFault, match="no earlier version"):
            lifecycle.rollback(tree)
    lifecycle.promote(settings, 4, "first")
    with pytest.raises(DataFault, match="no earlier version"):
        lifecycle.rollback(settings)


def test_what_is_worse_than_popularity_is_not_promoted(settings):
    """The gate's reason comes with the numbers, and nothing changes."""
    with pytest.raises(DataFault, match=r"ndcg_at_10 0\.2900, popularity 0\.3000"):
        lifecycle.promote(settings, 3, "please")
    assert lifecycle.history(settings) == []


def test_no_version_of_a_poor_training_is_staged(settings, again):
    """If none passes, the fault names each with its reason and the earlier staging stays."""
    lifecycle.stage_best(settings)
    again(settings, [("context", 0.2, 0.2)])
    with pytest.raises(DataFault, match="version 5: its training has no popularity"):
        lifecycle.stage_best(settings)
    assert len(lifecycle.history(settings)) == 3


def test_a_newer_training_takes_over_staging(settings, again):
    """Its best are staged, the earlier ones leave, production stays."""
    lifecycle.stage_best(settings)
    lifecycle.promote(settings, 4, "first")
    again(settings)
    outcome = lifecycle.stage_best(settings, 2)
    assert (outcome.production, outcome.staged) == (4, (6, 8))


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 1001])
def test_a_reason_is_asked_for(settings, reason):
    """Who reads the history later is to find one."""
    with pytest.raises(UsageFault, match="reason"):
        lifecycle.promote(settings, 4, reason)


def test_a_poisoned_folder_is_neither_promoted_nor_rolled_back_to(settings):
    """A folder that was changed after it was registered is refused, and production stays."""
    lifecycle.promote(settings, 2, "a")
    lifecycle.promote(settings, 1, "b")
    folder = resolve("4", settings).bundle_folder
    (folder / "evil.pkl").write_bytes(b"cos\nsystem\n")
    with pytest.raises(DataFault, match=r"extra file 'evil\.pkl'"):
        lifecycle.promote(settings, 4, "c")
    (resolve("2", settings).bundle_folder / "trees.txt").write_bytes(b"evil")
    with pytest.raises(DataFault, match=r"'trees\.txt' is not the file"):
        lifecycle.rollback(settings)
    assert resolve("production", settings).version == 1


def test_a_record_that_was_changed_in_mlflow_is_refused(settings):
    """New files with a fitting digest in MLflow's tag do not pass for what the ledger knows."""
    lifecycle.promote(settings, 4, "a")
    lifecycle.promote(settings, 2, "b")
    folder = resolve("4", settings).bundle_folder
    (folder / "trees.txt").write_bytes(b"evil")
    sealed = manifest.encode(manifest.describe({
        path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"
    }))  # fmt: skip
    (folder / "manifest.json").write_bytes(sealed)
    with opened(locate(settings)) as client:
        client.set_model_version_tag(
            settings.registry.model_name, "4", "digest", manifest.checksum(sealed)
        )
    with pytest.raises(DataFault, match=r"digest .*, not|in MLflow and .* in the ledger"):
        lifecycle.promote(settings, 4, "c")


def test_a_place_outside_the_models_folder_is_refused(settings):
    """A tag that points elsewhere is not followed."""
    with opened(locate(settings)) as client:
        client.set_model_version_tag(
            settings.registry.model_name, "4", "place", "../../../elsewhere"
        )
    with pytest.raises(DataFault, match=r"leads out of|is no folder"):
        resolve("4", settings)


def test_reconcile_mends_what_was_changed_by_hand(settings, mlflow_says):
    """Alias and tags become again what the ledger says, and each repair is told."""
    lifecycle.stage_best(settings, 2)
    lifecycle.promote(settings, 4, "first")
    lifecycle.reconcile(settings)
    with opened(locate(settings)) as client:
        client.set_registered_model_alias(settings.registry.model_name, "production", "3")
        client.set_model_version_tag(settings.registry.model_name, "1", "lifecycle", "production")
        client.delete_model_version_tag(settings.registry.model_name, "2", "lifecycle")
    assert lifecycle.reconcile(settings) == [
        "version 1: lifecycle was production, is unset",
        "version 2: lifecycle was unset, is staging",
        "alias production was 3, is 4",
    ]
    assert mlflow_says(settings) == (4, {1: None, 2: "staging", 3: None, 4: "production"})
    assert lifecycle.reconcile(settings) == []
    assert resolve("production", settings).version == 4


def test_reconcile_finishes_what_a_killed_promotion_began(settings, mlflow_says):
    """A process that died right after the ledger's commit has decided; MLflow follows."""
    lifecycle.promote(settings, 2, "a")
    lake = locate(settings).lake
    seen = ledger.read(lake)
    ledger.append(seen, changes.promotion(seen.entries, resolve("4", settings), "lee", "killed"))
    assert mlflow_says(settings)[0] == 2
    assert resolve("production", settings).version == 4
    assert "alias production was 2, is 4" in lifecycle.reconcile(settings)
    assert mlflow_says(settings)[0] == 4


def test_a_version_that_mlflow_lost_is_told(settings):
    """The ledger's version still serves from its files; reconcile says that MLflow misses it."""
    lifecycle.promote(settings, 4, "first")
    with opened(locate(settings)) as client:
        client.delete_model_version(settings.registry.model_name, "4")
    assert lifecycle.reconcile(settings)[-1] == (
        "version 4 is production in the ledger and missing in MLflow"
    )
    assert resolve("production", settings).model == "ranker"


def test_a_stale_decision_does_not_get_in(settings):
    """Of two that read the same ledger, the second to write is refused and must read again."""
    lake = locate(settings).lake
    for winner, loser in ((2, 4), (4, 1)):
        seen = ledger.read(lake)
        ledger.append(seen, changes.promotion(seen.entries, resolve(winner, settings), "a", "x"))
        with pytest.raises(ledger.LedgerMoved):
            ledger.append(seen, changes.promotion(seen.entries, resolve(loser, settings), "b", "x"))
        assert resolve("production", settings).version == winner


def test_other_commits_do_not_disturb_the_ledger(settings):
    """A commit that changes no row, such as a compaction, is no conflict."""
    from deltalake import DeltaTable

    lifecycle.promote(settings, 2, "a")
    lifecycle.promote(settings, 4, "b")
    lake = locate(settings).lake
    seen = ledger.read(lake)
    DeltaTable(str(lake.folder(PROMOTIONS.name))).optimize.compact()
    assert delta.version(lake, PROMOTIONS) > seen.version
    ledger.append(seen, changes.promotion(seen.entries, resolve("1", settings), "a", "x"))
    assert resolve("production", settings).version == 1


def test_mlflow_that_does_not_answer_cannot_undo_a_rollback(embedded):
    """The ledger decides without MLflow; the fault says what stands and what to run later."""
    lifecycle.promote(embedded, 2, "a")
    lifecycle.promote(embedded, 4, "b")
    database = Path(embedded.lake) / "mlflow/mlflow.db"
    database.rename(database.with_suffix(".away"))
    with pytest.raises(SystemFault, match=r"Version 2 .* is in production\. But MLflow") as fault:
        lifecycle.rollback(embedded)
    assert "nextloop models reconcile" in fault.value.hint
    assert resolve("production", embedded).version == 2
    database.with_suffix(".away").rename(database)
    assert "alias production was 4, is 2" in lifecycle.reconcile(embedded)


def test_a_missing_model_is_told_with_what_there_is(settings, no_models, tmp_path):
    """Each fault names the command that helps; a wrong word is a usage fault."""
    with pytest.raises(DataFault, match="There is no version 9") as fault:
        resolve("9", settings)
    assert fault.value.hint == "There are: 1, 2, 3, 4."
    with pytest.raises(DataFault, match="in production") as fault:
        resolve("production", settings)
    assert "nextloop models promote" in fault.value.hint
    for what in ("production", "7"):
        with pytest.raises(DataFault) as fault:
            resolve(what, no_models)
        assert "nextloop train" in fault.value.hint
    for what in ("best", "0", "-1", "٣", ""):
        with pytest.raises(UsageFault, match="names no model version"):
            resolve(what, settings)
    with pytest.raises(DataFault, match="no lake"):
        resolve("production", settings_tree.load({"lake": str(tmp_path / "nowhere")}))


def test_finding_production_does_not_import_mlflow(settings, flags):
    """What starts an API takes milliseconds, not the seconds that MLflow's import takes."""
    lifecycle.promote(settings, 4, "first")
    code = (
        "import json, sys; from nextloop import settings; "
        "from nextloop.registry.resolve import resolve; "
        "print(resolve('production', settings.load(json.loads(sys.argv[1]))).version, "
        "'mlflow' in sys.modules)"
    )
    command = [sys.executable, "-c", code, json.dumps(flags)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "4 False\n"


def test_the_ledger_alone_answers_for_production(embedded):
    """Serving needs no MLflow: without its database, production and staging resolve."""
    lifecycle.stage_best(embedded)
    lifecycle.promote(embedded, 4, "first")
    before = {what: resolve(what, embedded) for what in ("production", "staging", "2")}
    for file in (Path(embedded.lake) / "mlflow").glob("mlflow.db*"):
        file.unlink()
    assert {what: resolve(what, embedded) for what in before} == before
    shutil.rmtree(before["production"].bundle_folder)
    assert resolve("production", embedded).metrics["ndcg_at_10"] == 0.41
