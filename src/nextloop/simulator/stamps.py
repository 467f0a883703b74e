r"""Times as text: `YYYY-MM-DD HH:MM:SS` by the hotels' clock, `\N` for what is not yet."""

from __future__ import annotations

from typing import Final

import numpy as np

from nextloop.simulator.clock import DAY, HOUR, MINUTE
from nextloop.simulator.columns import Ints

NULL: Final = r"\N"
NOT_YET: Final = -1


class Stamps:
    """Writes times; every second of a day is spelt once."""

    def __init__(self) -> None:
        self._clock = [
            f"{second // HOUR:02d}:{second // MINUTE % MINUTE:02d}:{second % MINUTE:02d}"
            for second in range(DAY)
        ]

    def write(self, at: Ints) -> list[str]:
        r"""Write times.

        Args:
            at: Seconds since 1970, or `NOT_YET`.

        Returns:
            One text each, `\N` for `NOT_YET`.
        """
        days, which = np.unique(at // DAY, return_inverse=True)
        spelt = np.datetime_as_string(days.astype("datetime64[D]")).tolist()
        clock = self._clock
        return [
            NULL if moment < 0 else f"{spelt[day]} {clock[second]}"
            for moment, day, second in zip(
                at.tolist(), which.tolist(), (at % DAY).tolist(), strict=True
            )
        ]
