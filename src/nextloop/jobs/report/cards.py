"""The report's first section: three guests, what would be offered to them, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nextloop.jobs.demo.asking import Asked, Offer
from nextloop.jobs.report.markup import Markup, join, spoken, tag
from nextloop.jobs.report.sections import heading

_SOURCES: Final = {
    "guest": ("from the guest's own orders", "손님의 주문 이력"),
    "context": ("from hour, party and stay", "시간·인원·투숙"),
    "hotel": ("from what is popular in the hotel", "호텔의 인기 메뉴"),
    "shared": ("from equally named items elsewhere", "다른 호텔의 같은 메뉴"),
}


def offers(asked: Sequence[Asked]) -> Markup:
    """Show each guest's offers as a card.

    Args:
        asked: Guests with their answers.

    Returns:
        The section.
    """
    cards = join(*(_card(one) for one in asked))
    title = heading("What would be offered, and why", "무엇을, 왜 권할까")
    return tag("section", title, tag("div", cards, class_="cards"), class_="wide")


def _card(asked: Asked) -> Markup:
    guest = asked.guest
    source, source_ko = _SOURCES.get(asked.source, (asked.source, asked.source))
    most = ", ".join(f"{name} ({count})" for name, count in guest.favourites)
    return tag(
        "article",
        tag("h3", guest.title, " ", tag("span", guest.title_ko, lang="ko")),
        tag("p", guest.facts),
        tag("p", guest.facts_ko, lang="ko"),
        tag("p", "Ordered most: ", spoken(most)) if most else "",
        tag("ol", join(*(_offer(offer) for offer in asked.offers))),
        tag(
            "p",
            f"Answered in {asked.milliseconds:g} ms {source}",
            " · ",
            tag("span", source_ko, lang="ko"),
            class_="small",
        ),
    )


def _offer(offer: Offer) -> Markup:
    return tag(
        "li",
        tag(
            "div",
            tag("strong", spoken(offer.item_name)),
            tag("span", f"₩{offer.price:,}", class_="price"),
            class_="item",
        ),
        tag("p", offer.reason),
        tag("p", offer.reason_ko, lang="ko"),
    )
