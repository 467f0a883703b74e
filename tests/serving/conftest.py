"""Two small hotels whose habits are known, a model trained on them, and the API in front of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pyarrow as pa
import pytest
from fastapi import FastAPI

from nextloop import privacy
from nextloop.recommender.arrow import from_arrow
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.training import train
from nextloop.registry import artifact, ledger
from nextloop.registry.ledger import Change
from nextloop.registry.versions import ModelRef
from nextloop.serving import app, model
from nextloop.serving.doors import Doors
from nextloop.serving.model import ModelSlot
from nextloop.serving.service import Service
from nextloop.settings import OrderSettings, ServingSettings
from nextloop.storage.lake import create_lake
from nextloop.tables.features import INTERACTIONS, ITEM_FEATURES

KEY = b"an only-for-tests guest key of 38 characters"
ZONE = "Asia/Seoul"
NOWHERE = Path("/nowhere/api-keys.json")
AS_OF = date(2017, 12, 24)
FIRST_DAY = date(2017, 11, 1)
REGULAR = 1001  # hotel 1's guest who orders beer every evening

MENUS = {
    1: {101: ("조식 세트", 25_000), 102: ("라면", 9_000), 103: ("맥주", 8_000), 104: ("수건", 0)},
    2: {101: ("Burger", 15_000), 201: ("Salad", 11_000), 202: ("Coffee", 6_000)},
}
# Every day, in every hotel: who orders what at which hour; None is an anonymous room.
HABITS = [
    (1, None, 8, (101,)),
    (1, 2000, 8, (101,)),
    (1, None, 23, (102, 103)),
    (1, 3000, 23, (102,)),
    (1, REGULAR, 20, (103,)),
    (2, None, 9, (202,)),
    (2, 1001, 13, (101, 201)),
    (2, None, 13, (101,)),
]


Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Api:
    """The API and a way to ask it without a network."""

    slot: ModelSlot
    service: Service
    app: FastAPI

    @classmethod
    def create(cls, slot: ModelSlot, clock: Clock, doors: Doors | None = None) -> Api:
        """Build an app of its own around a slot and a clock."""
        orders = OrderSettings(timezone=ZONE, hotel_timezones={2: "Europe/Berlin"})
        doors = doors or Doors.of(ServingSettings(keys_file=NOWHERE), reachable=False)
        service = Service(slot, KEY, orders, clock, lambda: doors.rules.value)
        return cls(slot, service, app.create(service, doors))

    def with_clock(self, clock: Clock) -> Api:
        """Build another app around the same model."""
        return Api.create(self.slot, clock)

    def with_doors(self, **settings: Any) -> Api:
        """Build another app around the same model, with settings of its own."""
        doors = Doors.of(ServingSettings(**{"keys_file": NOWHERE, **settings}), reachable=False)
        return Api.create(self.slot, self.service.clock, doors)

    def client(self) -> httpx.AsyncClient:
        """Open a client; a crash of the app is an answer of 500, as it is for callers."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://api")

    def ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Send one request."""
        import asyncio

        async def send() -> httpx.Response:
            async with self.client() as client:
                return await client.request(method, path, **arguments)

        return asyncio.run(send())

    def recommend(self, **body: Any) -> httpx.Response:
        """Ask for recommendations."""
        return self.ask("POST", "/v1/recommendations", json=body)


def _interactions() -> list[dict[str, Any]]:
    rows = []
    days = (AS_OF - FIRST_DAY).days + 1
    for order, (day, habit) in enumerate((d, h) for d in range(days) for h in HABITS):
        hotel, customer, hour, items = habit
        on = FIRST_DAY + timedelta(days=day)
        at = datetime.combine(on, time(hour, 15), ZoneInfo(ZONE)).astimezone(UTC)
        guest = privacy.guest_key(KEY, hotel, customer) if customer else None
        for item in items:
            price = MENUS[hotel][item][1]
            rows.append(
                {
                    "as_of": AS_OF, "hotel": hotel, "order_seq": order, "item": item,
                    "guest": guest, "stay": f"{hotel}/{guest or order}/{on - timedelta(day % 3)}",
                    "ordered_at": at, "local_date": on, "hour": hour, "weekday": on.weekday(),
                    "stay_day": day % 3, "nights": 3, "adults": 2, "children": 0, "babies": 0,
                    "quantity": 1, "price": price, "revenue": price, "department": hotel * 10,
                    "coupon": False,
                }
            )  # fmt: skip
    return rows


def _items(interactions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for hotel, menu in MENUS.items():
        for item, (name, price) in menu.items():
            times = [
                row["ordered_at"]
                for row in interactions
                if (row["hotel"], row["item"]) == (hotel, item)
            ] or [datetime(2017, 11, 1, tzinfo=UTC)]
            rows.append(
                {
                    "as_of": AS_OF, "hotel": hotel, "item": item, "item_name": name,
                    "department": hotel * 10, "price": price, "order_count": len(times),
                    "guest_count": 1, "quantity": len(times), "revenue": price * len(times),
                    "order_count_28d": 28, "coupon_ratio": 0.0, "refused_ratio": None,
                    "first_ordered_at": min(times), "last_ordered_at": max(times),
                    "wait_minutes_median": None,
                }
            )  # fmt: skip
    return rows


@pytest.fixture(scope="session")
def model_refs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelRef]:
    """Train all models on the two hotels and store each as the registry does."""
    lines = _interactions()
    dataset = from_arrow(
        pa.Table.from_pylist(lines, schema=INTERACTIONS.schema),
        pa.Table.from_pylist(_items(lines), schema=ITEM_FEATURES.schema),
    )
    config = TrainingConfig(min_training_orders=50, min_leaf_rows=5, trees=20, bootstrap=10)
    result = train(dataset, config)
    place = tmp_path_factory.mktemp("models")
    return {
        name: ModelRef(
            version=number,
            model=name,
            digest=artifact.write(trained.bundle.to_files(), place / name),
            bundle_folder=place / name,
            place=name,
            created=datetime(2017, 12, 25, 3, tzinfo=UTC),
            as_of=AS_OF,
            training="",
            run="",
            metrics=trained.metrics,
        )
        for number, (name, trained) in enumerate(result.models.items(), start=1)
    }


@pytest.fixture
def empty_api() -> Api:
    """Give an API whose model is not loaded yet; its clock stands at 23:00 in Seoul."""
    return Api.create(ModelSlot(), lambda: datetime(2017, 12, 25, 14, tzinfo=UTC))


@pytest.fixture
def api(empty_api: Api, model_refs: dict[str, ModelRef]) -> Api:
    """Give an API that answers with the ranker."""
    empty_api.slot.fill(model.load(model_refs["ranker"]))
    return empty_api


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory, model_refs: dict[str, ModelRef]) -> Path:
    """Make a lake whose ledger has put the ranker, version 1, into production."""
    root = tmp_path_factory.mktemp("lake")
    owned = create_lake(root, privacy.fingerprint(KEY))
    ref = model_refs["ranker"]
    models = root / "mlflow" / "artifacts"
    models.mkdir(parents=True)
    artifact.write(artifact.read(ref.bundle_folder, ref.digest), models / "ranker")
    promoted = Change(
        action="promote",
        version=1,
        previous_version=None,
        model="ranker",
        digest=ref.digest,
        place="ranker",
        created_at=datetime(2017, 12, 25, tzinfo=UTC),
        as_of_date=ref.as_of,
        metrics=json.dumps({"ndcg_at_10": 0.5}),
        by="tests",
        reason="the only one",
    )
    ledger.append(ledger.read(owned), [promoted])
    return root
