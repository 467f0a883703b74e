"""Asking the API as a hotel's app would: over HTTP, once for each language.

In come guests and where the API answers, out come their offers with reasons in both languages.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from nextloop.jobs.demo.guests import Guest

_SECONDS: Final = 30
# A proxy that the environment names is not the way to our own machine.
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Offer:
    """One item that would be offered; `code` is the reason's kind."""

    rank: int
    item_name: str
    price: int
    code: str
    reason: str
    reason_ko: str


@dataclass(frozen=True)
class Asked:
    """A guest and the API's answer.

    Attributes:
        guest: Who.
        source: What the answer rests on: guest, context, hotel or shared.
        fallback: Whether the guest's own past could not be used.
        model_version: The version that answered.
        offers: Best first.
        milliseconds: From question to answer, of the second of two.
    """

    guest: Guest
    source: str
    fallback: bool
    model_version: int
    offers: tuple[Offer, ...]
    milliseconds: float


def ask(url: str, guest: Guest) -> Asked:
    """Ask for one guest's offers.

    Args:
        url: Where the API answers.
        guest: For whom.

    Returns:
        The answer; both languages name the same offers.
    """
    korean = _post(url, guest.question | {"language": "ko"})
    started = time.perf_counter()
    english = _post(url, guest.question | {"language": "en"})
    milliseconds = (time.perf_counter() - started) * 1000
    offers = [
        Offer(
            rank=one["rank"],
            item_name=one["item_name"],
            price=one["price"],
            code=one["reason"]["code"],
            reason=one["reason"]["text"],
            reason_ko=other["reason"]["text"],
        )
        for one, other in zip(english["offers"], korean["offers"], strict=True)
        if one["item_seq"] == other["item_seq"]
    ]
    if len(offers) != len(english["offers"]):
        raise RuntimeError(f"the API offers other items in another language: {guest.question}")
    return Asked(
        guest=guest,
        source=english["source"],
        fallback=english["fallback"],
        model_version=english["model_version"],
        offers=tuple(offers),
        milliseconds=round(milliseconds, 1),
    )


def _post(url: str, body: Mapping[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 our own API's address
        f"{url}/v1/recommendations",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with _DIRECT.open(request, timeout=_SECONDS) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
