"""What a training's run keeps in MLflow: its report as artifacts, its trials as runs below it."""

from __future__ import annotations

from datetime import date

from nextloop.registry.keeping import Trial
from nextloop.registry.publish import publish
from nextloop.registry.store import locate, opened
from nextloop.registry.tracking import TrainedModel

PAGES = {"report.html": "<p>report</p>", "pictures/hours.svg": "<svg/>"}
TRIALS = [
    Trial(0, {"leaves": 15}, {"ndcg_at_10": 0.40}),
    Trial(1, {"leaves": 31}, {"ndcg_at_10": 0.42}),
]


def _published(settings):
    model = TrainedModel("ranker", {"seed": 7}, {"ndcg_at_10": 0.41}, {"bundle.json": b"{}"}, {})
    refs = publish(
        [model],
        settings,
        as_of=date(2017, 12, 26),
        table_versions={"interactions": 4, "item_features": 3},
        params={"seed": 7},
        pictures=PAGES,
        trials=TRIALS,
    )
    return refs[0].training


def test_trials_are_runs_below_the_trainings(settings):
    """Each trial is a finished run of its own with its settings and validation metrics."""
    training = _published(settings)
    with opened(locate(settings)) as client:
        experiment = client.get_run(training).info.experiment_id
        below = f"tags.`mlflow.parentRunId` = '{training}'"
        runs = [r.data for r in client.search_runs([experiment], below) if "trial" in r.data.tags]

    found = {run.tags["trial"]: (run.params, run.metrics) for run in runs}
    assert found == {
        "0": ({"leaves": "15"}, {"validation_ndcg_at_10": 0.40}),
        "1": ({"leaves": "31"}, {"validation_ndcg_at_10": 0.42}),
    }


def test_the_report_and_its_pictures_are_artifacts_of_the_run(settings):
    """MLflow lists report.html and the pictures with the training's run."""
    training = _published(settings)
    with opened(locate(settings)) as client:
        top = {each.path for each in client.list_artifacts(training)}
        pictures = {each.path for each in client.list_artifacts(training, "pictures")}

    assert "report.html" in top
    assert pictures == {"pictures/hours.svg"}
