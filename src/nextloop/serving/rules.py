"""Hotels' own rules for what is offered: hidden, sold out, closed kitchens, price, variety.

In comes a TOML file that people edit, out goes for a hotel and a moment which of its items must
not be offered. Only numpy runs in a request.

    [hotels.1]
    hidden = [104]
    sold_out = [205]
    max_price = 50000
    max_per_department = 3
    [hotels.1.department_hours]
    10 = ["07:00-10:30", "18:00-02:00"]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from nextloop.errors import UsageFault
from nextloop.events.fields import MAX_SEQ
from nextloop.recommender.dataset import Catalog

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_DAY_MINUTES = 24 * 60
_EXAMPLE = (
    "A hotel looks like [hotels.1] with hidden = [104] below it; docs/api.md lists the rules."
)


def _hours(text: str) -> str:
    found = _HOURS.fullmatch(text)
    if not found or _span(text)[1] > _DAY_MINUTES:
        raise ValueError("write opening hours like 07:00-10:30, or 18:00-02:00 over midnight")
    return text


Hours = Annotated[str, AfterValidator(_hours)]
Seq = Annotated[int, Field(ge=0, le=MAX_SEQ, strict=True)]
Key = Annotated[int, Field(ge=0, le=MAX_SEQ)]
"""A number in a table's name, which TOML gives as text."""


class HotelRules(BaseModel):
    """One hotel's rules; without any, everything on the menu may be offered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hidden: frozenset[Seq] = frozenset()
    sold_out: frozenset[Seq] = frozenset()
    max_price: Seq | None = None
    max_per_department: Annotated[int, Field(ge=1, le=MAX_SEQ, strict=True)] | None = None
    department_hours: Mapping[Key, tuple[Hours, ...]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether there is no rule at all."""
        return not self.model_fields_set

    def kept_out(self, catalog: Catalog, hotel: int, at: datetime) -> frozenset[int]:
        """Find what must not be offered now.

        Args:
            catalog: The hotels' items.
            hotel: The source's number of the hotel.
            at: The moment on the hotel's clock.

        Returns:
            Item numbers.

        Raises:
            UnknownHotel: The catalog does not have the hotel.
        """
        rows = catalog.rows(catalog.hotel_code(hotel))
        out = np.zeros(rows.stop - rows.start, bool)
        if self.max_price is not None:
            out |= catalog.price[rows] > self.max_price
        closed = [one for one, spans in self.department_hours.items() if not _open(spans, at)]
        if closed:
            out |= np.isin(catalog.department[rows], closed)
        return frozenset(catalog.item[rows][out].tolist()) | self.hidden | self.sold_out


class Rules(BaseModel):
    """The whole file: the hotels that have rules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hotels: Mapping[Key, HotelRules] = {}

    @classmethod
    def read(cls, content: bytes | None) -> Rules:
        """Read the file of rules.

        Args:
            content: The file's bytes; None if there is no file.

        Returns:
            The rules.

        Raises:
            UsageFault: A rule is wrong; it is named.
        """
        try:
            return cls.model_validate(_tables(content))
        except ValidationError as refused:
            first = refused.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise UsageFault(f"hotels' rules: {where}: {first['msg']}", _EXAMPLE) from None

    def of(self, hotel: int) -> HotelRules:
        """Give a hotel's rules, empty ones if it has none."""
        return self.hotels.get(hotel, _NONE)


_NONE = HotelRules()


def _tables(content: bytes | None) -> dict[str, Any]:
    if content is None:
        return {}
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError are both of this kind
        raise UsageFault(f"hotels' rules: not TOML: {error}", _EXAMPLE) from None
    except RecursionError:
        raise UsageFault("hotels' rules: nested too deeply", _EXAMPLE) from None


def _span(text: str) -> tuple[int, int]:
    first, last = text.split("-")
    return _minutes(first), _minutes(last)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _open(spans: tuple[str, ...], at: datetime) -> bool:
    """Tell whether a minute is in a span; one that ends before it begins spans midnight."""
    now = at.hour * 60 + at.minute
    for begins, ends in map(_span, spans):
        inside = begins <= now < ends if begins <= ends else now >= begins or now < ends
        if inside:
            return True
    return False
