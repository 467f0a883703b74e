"""A registered model answers through MLflow as it does without, and no pickle has a part in it."""

from __future__ import annotations

import asyncio
import importlib
import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pyarrow as pa
import pytest

from nextloop import settings as settings_tree
from nextloop.errors import DataFault
from nextloop.recommender.arrow import from_arrow
from nextloop.recommender.asking import Query
from nextloop.recommender.bundle import Bundle
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.training import train
from nextloop.registry import artifact, lifecycle
from nextloop.registry.publish import publish, trained_models
from nextloop.registry.resolve import resolve
from nextloop.registry.store import locate, opened, quietly
from nextloop.registry.tracking import fluent
from nextloop.tables import INTERACTIONS, ITEM_FEATURES

SEOUL = ZoneInfo("Asia/Seoul")
START = datetime(2017, 11, 1, 8, tzinfo=SEOUL)
MENU = {1: "수건", 2: "김치찌개", 3: "Club sandwich", 4: "맥주", 5: "커피"}
MODELS = ["popularity", "context", "together", "ease", "neighbours", "ranker"]


def _order(number):
    at = START + timedelta(hours=7 * number)
    return {
        "as_of": at.date(), "hotel": 5, "order_seq": number, "item": 2 + number * number % 4,
        "guest": f"{number % 9:064x}", "stay": f"stay {number // 4}", "ordered_at": at,
        "local_date": at.date(), "hour": at.hour, "weekday": at.weekday(), "stay_day": number % 4,
        "nights": 3, "adults": 2, "children": number % 2, "babies": 0, "quantity": 1,
        "price": 9000, "revenue": 9000, "department": 1, "coupon": False,
    }  # fmt: skip


def _item(number, name):
    counted = dict.fromkeys(
        ("order_count", "guest_count", "quantity", "revenue", "order_count_28d"), 1
    )
    return counted | {
        "as_of": START.date(), "hotel": 5, "item": number, "item_name": name, "department": 1,
        "price": 0 if name == "수건" else 9000, "coupon_ratio": 0.0,
        "first_ordered_at": START, "last_ordered_at": START,
    }  # fmt: skip


@pytest.fixture(scope="module")
def result():
    """A training on 160 orders of one hotel, with every kind of model."""
    orders = pa.Table.from_pylist([_order(n) for n in range(160)], schema=INTERACTIONS.schema)
    items = pa.Table.from_pylist(
        [_item(*each) for each in MENU.items()], schema=ITEM_FEATURES.schema
    )
    config = TrainingConfig(
        min_training_orders=10, min_leaf_rows=2, trees=5, folds=2, num_threads=1, bootstrap=10
    )
    return train(from_arrow(orders, items), config)


@pytest.fixture(scope="module")
def settings(published, tmp_path_factory):
    """Settings of one copy of the published lake for all tests here."""
    lake = tmp_path_factory.mktemp("answering") / "lake"
    shutil.copytree(published[0], lake)
    return settings_tree.load({"lake": str(lake)})


@pytest.fixture(scope="module")
def refs(result, settings):
    """The same, published."""
    as_of = START.date()
    versions = {"interactions": 1}
    return publish(
        trained_models(result), settings, as_of=as_of, table_versions=versions, params={"seed": 1}
    )


@pytest.fixture
def without_pickle(monkeypatch):
    """Whatever reads a pickle fails from now on."""

    def refuse(*_, **__):
        raise AssertionError("something read a pickle")

    for module in ("pickle", "_pickle", "cloudpickle"):
        for name in ("load", "loads", "Unpickler"):
            if hasattr(importlib.import_module(module), name):
                monkeypatch.setattr(f"{module}.{name}", refuse)


def _load(settings, uri):
    import mlflow.pyfunc

    store = locate(settings)
    with quietly(store), fluent(store):
        return mlflow.pyfunc.load_model(uri)


def test_mlflow_answers_as_the_bundle_does(settings, refs, without_pickle):
    """Every kind of model, loaded through MLflow, gives the offers that the API would give."""
    assert [ref.model for ref in refs] == MODELS
    for ref in refs:
        model = _load(settings, f"models:/recommender/{ref.version}")
        bundle = Bundle.from_files(artifact.read(ref.bundle_folder, ref.digest))
        at = "2017-12-20T08:30:00+09:00"
        asked = {"hotel": 5, "at": at, "guest": f"{3:064x}", "ordered": [4], "exclude": [5]}
        (answer,) = model.predict([asked | {"k": 2, "stay_day": None}])
        expected = bundle.recommend(Query(
            hotel=5, at=datetime.fromisoformat(at), guest=f"{3:064x}", ordered=(4,),
            exclude=frozenset({5}), k=2,
        ))  # fmt: skip
        assert [(o.item, o.item_name, o.score, o.reason) for o in answer.offers] == [
            (o.item, o.item_name, o.score, o.reason.code) for o in expected.offers
        ]
        assert (answer.source, answer.fallback) == (expected.source, expected.fallback)
        assert json.loads(answer.offers[0].evidence) == expected.offers[0].reason.evidence


def test_mlflows_server_answers_with_json(settings, refs):
    """What `mlflow models serve` runs takes questions and says 400 to an unknown hotel."""
    model = _load(settings, f"models:/recommender/{refs[3].version}")
    with quietly(locate(settings)):
        from mlflow.pyfunc import scoring_server

        app = scoring_server.init(model)

    async def ask(*questions):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://local") as client:
            return [
                await client.post("/invocations", json={"inputs": [each]}) for each in questions
            ]

    question = {"hotel": 5, "at": "2017-12-20T08:30:00+09:00", "guest": None, "k": 1}
    answered, refused = asyncio.run(ask(question, question | {"hotel": 404}))
    assert (answered.status_code, refused.status_code) == (200, 400)
    (answer,) = answered.json()["predictions"]
    assert answer["offers"][0]["item_name"] in MENU.values()


def test_the_production_alias_loads(settings, refs):
    """`models:/recommender@production` is the version that the ledger names."""
    lifecycle.promote(settings, refs[0].version, "첫 배포")
    model = _load(settings, "models:/recommender@production")
    assert model.metadata.run_id == refs[0].run
    assert resolve("production", settings).digest == refs[0].digest


def test_mlflow_shows_what_to_ask_and_what_comes(settings, refs):
    """The signature names the questions' and answers' fields; only hotel and time are required."""
    signature = _load(settings, f"models:/recommender/{refs[0].version}").metadata.signature
    (asked,) = signature.inputs.to_dict()
    required = {name for name, field in asked["properties"].items() if field["required"]}
    assert required == {"hotel", "at"}
    (answered,) = signature.outputs.to_dict()
    assert {"offers", "source", "fallback"} == answered["properties"].keys()


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ({"hotel": 404, "at": "2017-12-20T08:30:00+09:00"}, "hotel 404 is not in this model"),
        ({"hotel": 5}, "at"),
        ({"hotel": 5, "at": "2017-12-20T08:30:00+09:00", "customer": 1}, "customer"),
        ({"hotel": 5, "at": "yesterday"}, "yesterday"),
    ],
)
def test_a_wrong_question_is_told(settings, refs, question, why):
    """Unknown hotels, missing, unknown and unreadable fields are named."""
    from mlflow.exceptions import MlflowException

    model = _load(settings, f"models:/recommender/{refs[0].version}")
    with pytest.raises(MlflowException, match=why) as refused:
        model.predict([question])
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"


def test_mlflow_does_not_load_changed_files_either(settings, refs):
    """The script beside the bundle asks for the digest that was logged."""
    file = refs[2].bundle_folder / "bundle.json"
    stored = file.read_bytes()
    file.write_bytes(b"{}")
    with pytest.raises(DataFault, match=r"'bundle\.json' is not the file that was stored"):
        _load(settings, f"models:/recommender/{refs[2].version}")
    file.write_bytes(stored)


def test_the_models_folder_names_no_other_place(settings, refs):
    """Requirements pin what answers; the working folder's project is not copied beside it."""
    folder = refs[0].bundle_folder.parents[1]
    # Once it has loaded a model, MLflow notes there under which name, and Python what it compiled.
    left = {"registered_model_meta", "__pycache__"}
    assert {path.name for path in folder.iterdir()} - left == {
        "MLmodel", "artifacts", "conda.yaml", "python_env.yaml", "requirements.txt",
        "pyfunc_model.py",
    }  # fmt: skip
    pinned = (folder / "requirements.txt").read_text().split()
    assert [pin.split("==")[0] for pin in pinned] == [
        "nextloop", "lightgbm", "mlflow-skinny", "numpy", "scipy",
    ]  # fmt: skip


def test_opening_mlflow_leaves_the_process_as_it_was(settings, refs, capfd):
    """No address stays set, nothing is printed, no database appears in the working folder."""
    import mlflow

    with opened(locate(settings)) as client:
        client.search_experiments()
    assert not mlflow.tracking.is_tracking_uri_set()
    assert capfd.readouterr() == ("", "")
    assert not list(Path.cwd().glob("mlflow.db")) + list(Path.cwd().glob("mlruns"))
