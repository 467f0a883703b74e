"""Registry: the script that MLflow runs to answer from a bundle (`mlflow models serve`).

Comes in: questions. Goes out: answers, as the API gives them. MLflow copies this file beside the
bundle; it needs `nextloop` installed. The API itself does not use it: it reads the bundle.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from pydantic import BaseModel, ConfigDict

from nextloop.recommender.asking import Query
from nextloop.recommender.bundle import Bundle
from nextloop.recommender.dataset import UnknownHotel
from nextloop.registry import artifact


class Question(BaseModel):
    """What to offer to whom; what is not known is left out. `at` is ISO 8601, the hotel's time."""

    model_config = ConfigDict(extra="forbid")

    hotel: int
    at: str
    guest: str | None = None
    stay_day: int | None = None
    nights: int | None = None
    adults: int | None = None
    children: int | None = None
    babies: int | None = None
    ordered: list[int] | None = None
    cart: list[int] | None = None
    exclude: list[int] | None = None
    k: int | None = None


class Offered(BaseModel):
    """One item of an answer; `evidence` is JSON."""

    rank: int
    item: int
    item_name: str
    department: int | None = None
    price: int
    score: float
    reason: str
    evidence: str


class Answer(BaseModel):
    """The offers for one question, best first."""

    source: str
    fallback: bool
    offers: list[Offered]


class Recommender(PythonModel):
    """A bundle behind MLflow's interface."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the bundle, which must be the one that was logged."""
        folder = Path(context.artifacts["bundle"])
        self.bundle = Bundle.from_files(artifact.read(folder, context.model_config["digest"]))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 MLflow passes it
        model_input: list[Question],
        params: dict[str, Any] | None = None,  # noqa: ARG002 the same
    ) -> list[Answer]:
        """Answer each question, in order."""
        return [self._answer(question) for question in model_input]

    def _answer(self, question: Question) -> Answer:
        given = question.model_dump(exclude_none=True)
        given["ordered"] = tuple(question.ordered or ())
        given["cart"] = tuple(question.cart or ())
        given["exclude"] = frozenset(question.exclude or ())
        try:
            given["at"] = datetime.fromisoformat(question.at)
            answer = self.bundle.recommend(Query(**given))
        except (UnknownHotel, ValueError) as wrong:
            raise MlflowException.invalid_parameter_value(str(wrong)) from None
        return Answer(
            source=answer.source,
            fallback=answer.fallback,
            offers=[
                Offered(
                    rank=offer.rank,
                    item=offer.item,
                    item_name=offer.item_name,
                    department=offer.department,
                    price=offer.price,
                    score=offer.score,
                    reason=offer.reason.code,
                    evidence=json.dumps(dict(offer.reason.evidence), ensure_ascii=False),
                )
                for offer in answer.offers
            ],
        )


mlflow.models.set_model(Recommender())
