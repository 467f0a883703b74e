"""The branch of the settings tree that the rules on batches read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nextloop.settings.group import Group

Level = Literal["warn", "stop", "off"]


class BatchSettings(Group):
    """What makes a batch odd, and whether it is then told (warn) or not published (stop)."""

    volume: Level = Field(
        default="warn", description="Orders of the newest week against the weeks before it"
    )
    volume_low: float = Field(
        default=0.5, ge=0, le=1, description="Least share of their median that is usual"
    )
    volume_high: float = Field(default=2.0, ge=1, description="Largest share that is usual")
    volume_weeks: int = Field(default=8, ge=1, le=104, description="How many weeks before it count")
    missing_hotel: Level = Field(
        default="warn", description="A hotel that usually has orders has none in the newest week"
    )
    missing_hotel_weeks: int = Field(
        default=4, ge=1, le=104, description="How many weeks before it tell what is usual"
    )
    future_order: Level = Field(
        default="warn", description="Orders that are dated long after all the others"
    )
    future_weeks: int = Field(
        default=4, ge=1, le=104, description="Longest gap between weeks that belong together"
    )
    rejected: Level = Field(
        default="warn", description="A file of which too large a share is rejected"
    )
    rejected_limit: float = Field(
        default=0.05, ge=0, le=1, description="Largest share of a file's rows that is usual"
    )
    changed_file: Level = Field(
        default="warn", description="A file whose name came before with other, faultless bytes"
    )
