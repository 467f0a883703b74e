"""What the API does between a checked request and an answer: look up the guest, ask the model.

In comes a request in the caller's words (``customer_seq``, local times, dates), out goes an
answer with reasons. The guest's number ends here: the model knows keyed hashes only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from nextloop import privacy
from nextloop.recommender.answer import Answer
from nextloop.recommender.asking import Query
from nextloop.recommender.bundle import Offer as Ranked
from nextloop.recommender.dataset import Catalog
from nextloop.serving.answers import Item, Items, Offer, Reason, Recommendations
from nextloop.serving.gathering import Gathering
from nextloop.serving.model import LoadedModel, ModelSlot
from nextloop.serving.rules import Rules
from nextloop.serving.schemas import MAX_NIGHTS, Language, RecommendationRequest, Stay
from nextloop.settings import OrderSettings


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Service:
    """Answers questions with the model in its slot.

    Args:
        slot: Holds the model, or nothing yet.
        key: The secret that guests are named with.
        orders: Tells each hotel's time zone.
        clock: Gives the present moment, with an offset.
        rules: Gives the hotels' rules that count now.
        gathering: Lets questions that arrive together be scored together.
    """

    slot: ModelSlot
    key: bytes = field(repr=False)
    orders: OrderSettings
    clock: Callable[[], datetime] = _now
    rules: Callable[[], Rules] = Rules
    gathering: Gathering = field(default_factory=Gathering)

    async def recommend(
        self,
        model: LoadedModel,
        question: RecommendationRequest,
        request_id: str,
        *,
        ruled: bool = True,
        seen: Callable[[Query, Answer], None] | None = None,
    ) -> Recommendations:
        """Rank what to offer.

        Args:
            model: The model to ask.
            question: The checked request.
            request_id: Names the answer.
            ruled: Whether the hotel's rules count.
            seen: Told of the query and the model's answer to it.

        Returns:
            At most ``question.k`` offers, best first, with their reasons.

        Raises:
            UnknownHotel: The model has never seen the hotel.
        """
        query = self.query(question)
        narrowed = self._ruled(model, query) if ruled else query
        answer = await self.gathering.recommend(model.bundle, narrowed)
        if seen is not None:
            seen(query, answer)
        return Recommendations(
            request_id=request_id,
            model_version=model.ref.version,
            model_digest=model.ref.digest,
            source=answer.source,
            fallback=answer.fallback,
            offers=[_offer(ranked, question.language) for ranked in answer.offers],
        )

    def items(self, model: LoadedModel, hotel: int) -> Items:
        """List a hotel's items.

        Args:
            model: That knows them.
            hotel: The source's number of the hotel.

        Returns:
            All of them by number, with whether they may be offered now.

        Raises:
            UnknownHotel: The model has never seen the hotel.
        """
        catalog = model.bundle.state.catalog
        rows = catalog.rows(catalog.hotel_code(hotel))
        out = self.rules().of(hotel).kept_out(catalog, hotel, self.local(hotel, None))
        places = range(rows.start, rows.stop)
        items = [_item(catalog, place, out) for place in places]
        return Items(hotel, model.ref.version, model.ref.digest, items)

    def _ruled(self, model: LoadedModel, query: Query) -> Query:
        """Let a hotel's rules narrow a query."""
        rules = self.rules().of(query.hotel)
        if rules.is_empty or not isinstance(query.at, datetime):
            return query
        out = rules.kept_out(model.bundle.state.catalog, query.hotel, query.at)
        return replace(query, exclude=query.exclude | out, per_department=rules.max_per_department)

    def local(self, hotel_seq: int, moment: datetime | None) -> datetime:
        """Put a moment on the hotel's clock.

        Args:
            hotel_seq: The hotel, known or not.
            moment: With an offset: an instant. Without: the hotel's own time. None: now.

        Returns:
            The moment with the hotel's offset.
        """
        zone = ZoneInfo(self.orders.timezone_of(hotel_seq))
        if moment is None:
            return self.clock().astimezone(zone)
        return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)

    def query(self, question: RecommendationRequest) -> Query:
        """Put a request into the words of the model.

        Args:
            question: The checked request.

        Returns:
            The same with a guest key, on the hotel's clock.
        """
        at = self.local(question.hotel_seq, question.at)
        return Query(
            hotel=question.hotel_seq,
            guest=self._guest(question),
            at=at,
            stay_day=_stay_day(question.stay, at),
            nights=_nights(question.stay),
            adults=question.party.adults,
            children=question.party.children,
            babies=question.party.babies,
            ordered=tuple(question.ordered),
            cart=tuple(question.cart),
            k=question.k,
            exclude=frozenset(question.exclude),
        )

    def _guest(self, question: RecommendationRequest) -> str | None:
        if question.customer_seq is None:
            return None
        return privacy.guest_key(self.key, question.hotel_seq, question.customer_seq)


def _stay_day(stay: Stay, at: datetime) -> int | None:
    """Count days since check-in; before it, or beyond any real stay, nothing is known."""
    if stay.check_in is None:
        return stay.day
    return _in_range((at.date() - stay.check_in).days)


def _nights(stay: Stay) -> int | None:
    if stay.check_in is None or stay.check_out is None:
        return stay.nights
    return _in_range((stay.check_out - stay.check_in).days)


def _in_range(days: int) -> int | None:
    return days if 0 <= days <= MAX_NIGHTS else None


def _item(catalog: Catalog, place: int, out: frozenset[int]) -> Item:
    item, department = int(catalog.item[place]), int(catalog.department[place])
    return Item(
        item_seq=item,
        item_name=catalog.name[place],
        department_seq=department if department >= 0 else None,
        price=int(catalog.price[place]),
        offered=bool(catalog.offered[place]) and item not in out,
    )


def _offer(ranked: Ranked, language: Language) -> Offer:
    return Offer(
        rank=ranked.rank,
        item_seq=ranked.item,
        item_name=ranked.item_name,
        department_seq=ranked.department,
        price=ranked.price,
        score=ranked.score,
        reason=Reason(
            code=ranked.reason.code,
            text=ranked.reason.text(language),
            evidence=dict(ranked.reason.evidence),
        ),
    )
