"""What a simulated world is made from: every number that may be turned, with a checked range.

In come the caller's wishes, out goes a frozen `SimulatorConfig`; nothing is drawn here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, timedelta

from nextloop.errors import UsageFault

MONDAY = 0
LARGEST_SEED = 2**63 - 1
MENU_RANGE = (60, 300)
"""Items of a menu: room for two of each category at least."""
RATIOS = (
    "anonymous",
    "coupons",
    "overload",
    "refused",
    "cancelled",
    "forgotten",
    "sold_out",
    "duplicate_rows",
    "single_objects",
    "odd_prices",
    "lost_completions",
    "unknown_visitors",
    "broken_rows",
)


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """A world's size, shape and seed; equal configs give equal bytes.

    Attributes:
        hotels: Number of hotels, 1-200.
        weeks: Weekly files, 1-520.
        orders: Orders in all hotels and weeks together.
        seed: Any number from 0 on.
        start: The first day, a Monday.
        menu_items: Smallest and largest menu of a hotel, within 60-300 items.
        orders_per_night: Orders of an occupied room a night; fewer means more rooms.
        occupancy: Share of nights for which a room is let, 0.2-0.95.
        nights_mean: Mean nights of a stay (Antonio et al. 2019: 3.39, median 3).
        adults_mean: Mean adults of a stay (Antonio et al. 2019: 1.83).
        children_mean: Mean children of a stay (Antonio et al. 2019: 0.10).
        babies_mean: Mean babies of a stay (Antonio et al. 2019: 0.01).
        repeat_stays: Share of stays by a guest who was here before (same source: 4.3 %).
        lines_mean: Mean lines of an order, 1-4.
        hour_strength: Scales what the hour does to choices; 0 leaves only opening hours.
        party_strength: Scales what the party does.
        stay_strength: Scales what the day of the stay does.
        taste_strength: Scales what the guest's hidden taste does.
        repeat_strength: Scales the pull of what the guest liked before.
        pair_strength: Scales what goes together in a basket.
        coupon_strength: Log effect of a coupon in hand on its category.
        anonymous: Share of stays whose guest has no number.
        coupons: Share of stays that were given a coupon, by lot.
        overload: Share of the orders that meet a department beyond its capacity.
        refused: Share refused for no visible cause; load and sold-out items add to it.
        cancelled: Share cancelled by the guest.
        forgotten: Share that nobody ever closes.
        sold_out: Share of paid kitchen items that are sold out on an evening.
        duplicate_rows: Share of rows that stand twice in their file.
        single_objects: Share of one-line orders whose contents is an object, not an array.
        odd_prices: Share of orders whose price differs from the sum of their lines.
        lost_completions: Share of completed orders without `complete_date`.
        unknown_visitors: Share of stays with a `visitor_cnt` of 0 or null.
        broken_rows: Share of rows damaged on purpose; with 0 each row is valid.
    """

    hotels: int = 5
    weeks: int = 12
    orders: int = 60_000
    seed: int = 20261122
    start: date = date(2026, 8, 31)
    menu_items: tuple[int, int] = (80, 220)
    orders_per_night: float = 1.25
    occupancy: float = 0.72
    nights_mean: float = 3.39
    adults_mean: float = 1.83
    children_mean: float = 0.10
    babies_mean: float = 0.01
    repeat_stays: float = 0.045
    lines_mean: float = 1.9
    hour_strength: float = 1.0
    party_strength: float = 1.0
    stay_strength: float = 1.0
    taste_strength: float = 1.0
    repeat_strength: float = 1.0
    pair_strength: float = 1.0
    coupon_strength: float = 0.8
    anonymous: float = 0.05
    coupons: float = 0.15
    overload: float = 0.15
    refused: float = 0.012
    cancelled: float = 0.008
    forgotten: float = 0.001
    sold_out: float = 0.01
    duplicate_rows: float = 0.0005
    single_objects: float = 0.02
    odd_prices: float = 0.002
    lost_completions: float = 0.002
    unknown_visitors: float = 0.03
    broken_rows: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a world that cannot be built, and name the number that is wrong."""
        _check(self, "hotels", 1, 200)
        _check(self, "weeks", 1, 520)
        _check(self, "orders", 1, 100_000_000)
        _check(self, "seed", 0, LARGEST_SEED)
        _check(self, "orders_per_night", 0.05, 50)
        _check(self, "occupancy", 0.2, 0.95)
        _check(self, "nights_mean", 1.1, 14)
        _check(self, "adults_mean", 1.11, 2.06)
        _check(self, "children_mean", 0, 1.5)
        _check(self, "babies_mean", 0, 1)
        _check(self, "repeat_stays", 0, 0.6)
        _check(self, "lines_mean", 1, 4)
        for field in fields(self):
            if field.name.endswith("_strength"):
                _check(self, field.name, 0, 5)
        for name in RATIOS:
            _check(self, name, 0, 1)
        self._check_menu()
        self._check_start()

    @property
    def days(self) -> int:
        """Days that the files cover."""
        return 7 * self.weeks

    def week_start(self, week: int) -> date:
        """Return the Monday of a week, counted from 0."""
        return self.start + timedelta(weeks=week)

    def file_name(self, week: int) -> str:
        """Name the file of a week after the ISO week that it covers."""
        year, number, _ = self.week_start(week).isocalendar()
        return f"hotel-orders-{year}-W{number:02d}.csv"

    def _check_menu(self) -> None:
        (smallest, largest), (fewest, most) = self.menu_items, MENU_RANGE
        if not fewest <= smallest <= largest <= most:
            raise UsageFault(
                f"simulator: menu_items is {smallest} to {largest}",
                f"Give the smallest and the largest menu, both from {fewest} to {most} items.",
            )

    def _check_start(self) -> None:
        if self.start.weekday() != MONDAY:
            monday = self.start - timedelta(days=self.start.weekday())
            raise UsageFault(
                f"simulator: start {self.start} is a {self.start:%A}",
                f"The files cover weeks from Monday on: try {monday}.",
            )
        last = date.max - timedelta(weeks=521)
        if not date(1971, 1, 1) <= self.start <= last:
            raise UsageFault(
                f"simulator: start {self.start} is out of range",
                f"Choose a Monday from 1971 to {last.year - 1}.",
            )


def _check(config: SimulatorConfig, name: str, low: float, high: float) -> None:
    value = getattr(config, name)
    if not low <= value <= high:
        raise UsageFault(
            f"simulator: {name} is {value}",
            f"It must lie from {low} to {high}.",
        )
