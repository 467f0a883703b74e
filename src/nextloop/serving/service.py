"""What the API does between a checked request and an answer: look up the guest, ask the model.

In comes a request in the caller's words (``customer_seq``, local times, dates), out goes an
answer with reasons. The guest's number ends here: the model knows keyed hashes only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from nextloop import privacy
from nextloop.recommender.answer import Answer
from nextloop.recommender.asking import Query
from nextloop.recommender.bundle import Offer as Ranked
from nextloop.serving.answers import Offer, Reason, Recommendations
from nextloop.serving.model import LoadedModel, ModelSlot
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
    """

    slot: ModelSlot
    key: bytes = field(repr=False)
    orders: OrderSettings
    clock: Callable[[], datetime] = _now

    def recommend(
        self,
        model: LoadedModel,
        question: RecommendationRequest,
        request_id: str,
        *,
        seen: Callable[[Query, Answer], None] | None = None,
    ) -> Recommendations:
        """Rank what to offer.

        Args:
            model: The model to ask.
            question: The checked request.
            request_id: Names the answer.
            seen: Told of the query and the model's answer to it.

        Returns:
            At most ``question.k`` offers, best first, with their reasons.

        Raises:
            UnknownHotel: The model has never seen the hotel.
        """
        query = self.query(question)
        answer = model.bundle.recommend(query)
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
