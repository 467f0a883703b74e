"""Questions that arrive together are scored together.

In comes one question a caller, out goes its answer. What arrived in one turn of the event loop is
handed to the model in one go: nobody waits for others to come, and the busier the process is, the
less each answer costs (docs/decisions/0027).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nextloop.recommender.answer import Answer
from nextloop.recommender.asking import Query
from nextloop.recommender.bundle import Bundle

MOST: Final = 16
"""Questions of one scoring: more would keep all others waiting for longer than they save."""


@dataclass(frozen=True, eq=False, slots=True)
class _Waiting:
    """One question and who waits for its answer."""

    bundle: Bundle
    query: Query
    answer: asyncio.Future[Answer]


class Gathering:
    """Collects the questions of one turn of an event loop, and answers them."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []

    async def recommend(self, bundle: Bundle, query: Query) -> Answer:
        """Answer as `Bundle.recommend` does, with whoever else asks now.

        Args:
            bundle: The model to ask.
            query: Who asks, where and when.

        Returns:
            The answer.

        Raises:
            UnknownHotel: If the hotel is not in the bundle.
        """
        bundle.state.catalog.hotel_code(query.hotel)  # who asks for no hotel holds nobody up
        loop = asyncio.get_running_loop()
        one = _Waiting(bundle, query, loop.create_future())
        if not self._waiting or self._waiting[0].answer.get_loop() is not loop:
            self._waiting = []  # those of a loop that was closed have nobody who waits any more
            loop.call_soon(self._answer)
        self._waiting.append(one)
        return await one.answer

    def _answer(self) -> None:
        now, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._answer)
        by_bundle: dict[Bundle, list[_Waiting]] = {}
        for one in now:
            by_bundle.setdefault(one.bundle, []).append(one)  # two, while a new version is loaded
        for bundle, several in by_bundle.items():
            _answer_together(bundle, several)


def _answer_together(bundle: Bundle, several: Sequence[_Waiting]) -> None:
    """Hand out answers; if that fails, find out whose question it was, and spare the others."""
    try:
        answers = bundle.recommend_many([one.query for one in several])
    except Exception as fault:  # noqa: BLE001 whatever it was, its asker is told
        if len(several) > 1:
            for one in several:
                _answer_together(bundle, [one])
        elif not several[0].answer.done():
            several[0].answer.set_exception(fault)
        return
    for one, answer in zip(several, answers, strict=True):
        if not one.answer.done():  # its caller may have gone
            one.answer.set_result(answer)
