"""Questions that arrive together are answered as they would be alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from nextloop.recommender.asking import Query
from nextloop.recommender.dataset import UnknownHotel
from nextloop.recommender.protocol import Model
from nextloop.serving.gathering import MOST, Gathering


@pytest.fixture
def bundle(api):
    """The small hotels' ranker."""
    return api.slot.loaded.bundle


def _told(answer):
    """Take what a guest sees; the scores' last digit may differ."""
    offers = [(o.rank, o.item, o.reason, round(o.score, 4)) for o in answer.offers]
    return answer.source, answer.fallback, offers


def _together(bundle, queries):
    async def ask() -> list[Any]:
        gathering = Gathering()
        asked = (gathering.recommend(bundle, query) for query in queries)
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(ask())


QUERIES = [
    Query(hotel, (hour, hour % 7), ordered=ordered, k=1 + hour % 3)
    for hour in range(24)
    for hotel, ordered in ((1, ()), (2, (101,)), (1, (103, 103)))
]


def test_all_get_their_own_answer(bundle):
    """More questions than fit one scoring, of two hotels: each has the answer it has alone."""
    assert len(QUERIES) > 2 * MOST
    together = _together(bundle, QUERIES)
    assert [_told(one) for one in together] == [_told(bundle.recommend(q)) for q in QUERIES]


@dataclass(frozen=True)
class _FailsAtNoon:
    """A model that cannot answer one kind of question."""

    model: Model
    name: str = "ranker"

    def score(self, queries):
        if (queries.hour == 12).any():
            raise ArithmeticError("noon")
        return self.model.score(queries)


def test_one_failure_is_one_callers(bundle):
    """A question that breaks the model, or is of no hotel, fails alone."""
    broken = replace(bundle, model=_FailsAtNoon(bundle.model))
    queries = [Query(1, (8, 0)), Query(1, (12, 0)), Query(3, (8, 0)), Query(1, (23, 0))]
    first, noon, nowhere, last = _together(broken, queries)
    assert isinstance(noon, ArithmeticError)
    assert isinstance(nowhere, UnknownHotel)
    assert _told(first) == _told(bundle.recommend(queries[0]))
    assert _told(last) == _told(bundle.recommend(queries[3]))


def test_who_leaves_spoils_nothing(bundle):
    """A caller that goes before its answer leaves the others theirs."""

    async def ask() -> Any:
        gathering = Gathering()
        gone = asyncio.create_task(gathering.recommend(bundle, QUERIES[0]))
        stays = asyncio.create_task(gathering.recommend(bundle, QUERIES[1]))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays

    assert _told(asyncio.run(ask())) == _told(bundle.recommend(QUERIES[1]))


def test_next_loop_is_answered_whatever_the_last_left(bundle):
    """Questions that waited when their event loop was closed keep no later ones from an answer."""
    gathering = Gathering()

    async def leave() -> None:
        asked = (gathering.recommend(bundle, query) for query in QUERIES * 3)
        gone.extend(asyncio.create_task(one) for one in asked)
        await asyncio.sleep(0)

    async def ask() -> Any:
        return await asyncio.wait_for(gathering.recommend(bundle, QUERIES[1]), 20)

    gone: list[asyncio.Task[Any]] = []
    asyncio.run(leave())
    assert gone[-1].cancelled()
    assert _told(asyncio.run(ask())) == _told(bundle.recommend(QUERIES[1]))


def test_callers_at_once_over_http(api):
    """A day of requests at once are answered as one after the other, each under its own id."""

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(api.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            bodies = [{"hotel_seq": 1, "at": f"2017-12-25T{hour:02}:00:00"} for hour in range(24)]
            return await asyncio.gather(
                *(client.post("/v1/recommendations", json=body) for body in bodies)
            )

    answers = [response.json() for response in asyncio.run(ask())]
    alone = [
        api.recommend(hotel_seq=1, at=f"2017-12-25T{hour:02}:00:00").json() for hour in range(24)
    ]
    assert len({one["request_id"] for one in answers}) == len(answers)
    assert [[o["item_seq"] for o in one["offers"]] for one in answers] == [
        [o["item_seq"] for o in one["offers"]] for one in alone
    ]
