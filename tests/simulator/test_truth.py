"""The truth that is read back is the one from which the orders were drawn, and ranks best."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from nextloop import simulator
from nextloop.errors import DataFault
from nextloop.simulator import SimulatorConfig, choice
from nextloop.simulator import truth as truths
from nextloop.simulator.choice import EFFECTS
from nextloop.simulator.truth import Contexts, Truth

K = 10
CUT = np.datetime64("2026-10-19")
"""Start of the last two weeks of the world that is ranked."""


def ndcg(scores: npt.NDArray[np.float64], wanted: npt.NDArray[np.bool_]) -> float:
    """Mean NDCG@10 over orders, the ideal over min(10, wanted items)."""
    top = np.argsort(-scores, axis=1, kind="stable")[:, :K]
    hit = np.take_along_axis(wanted, top, axis=1)
    discount = 1 / np.log2(np.arange(K) + 2)
    ideal = np.array([discount[: min(K, count)].sum() for count in wanted.sum(axis=1)])
    return float(((hit * discount).sum(axis=1) / ideal).mean())


class Ranking:
    """Orders of one hotel's last two weeks: what was bought, and what can be told beforehand."""

    def __init__(self, truth: Truth, hotel: int) -> None:
        self.truth, self.hotel = truth, hotel
        self.paid = truth.items(hotel)["price"].to_numpy() > 0
        all_orders = truth.orders(hotel)
        reg_at = truth.tables["orders"]["reg_at"].to_numpy()[all_orders - 1]
        lines = truth.tables["lines"]
        first = truth.preferences[hotel].first_item
        mine = np.isin(lines["order_seq"].to_numpy(), all_orders)
        order, item = lines["order_seq"].to_numpy()[mine], lines["item_seq"].to_numpy()[mine]
        self.item, place = item - 1 - first, np.searchsorted(all_orders, order)
        bought = np.zeros((len(all_orders), len(self.paid)), dtype=bool)
        bought[place, self.item] = True
        bought &= self.paid
        late = (reg_at >= CUT) & bought.any(axis=1)
        self.orders, self.wanted = all_orders[late], bought[late]
        self.popularity = bought[reg_at < CUT].sum(axis=0).astype(float)

    def by_popularity(self) -> float:
        return ndcg(np.tile(self.popularity, (len(self.orders), 1)), self.wanted)

    def by_truth(self, *without: str) -> float:
        contexts = self.truth.contexts(self.hotel, self.orders)
        chances = self.truth.probabilities(self.hotel, contexts, EFFECTS - set(without))
        return ndcg(chances * self.paid, self.wanted)

    def next_in_basket(self, *without: str) -> float:
        contexts = self.truth.contexts(self.hotel, self.orders, basket_lines=1)
        rest = self.wanted.copy()
        rest[contexts.basket[:, 0], contexts.basket[:, 1]] = False
        more = rest.any(axis=1)
        chances = self.truth.probabilities(self.hotel, contexts, EFFECTS - set(without))
        return ndcg((chances * self.paid)[more], rest[more])


@pytest.fixture(scope="module")
def rankings(world, tmp_path_factory: pytest.TempPathFactory) -> list[Ranking]:
    folder = tmp_path_factory.mktemp("ranked")
    simulator.write(world, folder / "landing", folder / "truth")
    truth = truths.load(folder / "truth")
    return [Ranking(truth, hotel) for hotel in truth.hotels]


def test_the_truth_ranks_far_better_than_popularity(rankings: list[Ranking]) -> None:
    """NDCG@10 of the truth is at least 1.6 times that of hotel popularity, in every hotel."""
    for ranking in rankings:
        best, popular = ranking.by_truth(), ranking.by_popularity()
        print(f"hotel {ranking.hotel}: NDCG@10 truth {best:.3f}, popularity {popular:.3f}")  # noqa: T201
        assert best > 1.6 * popular


@pytest.mark.parametrize(
    ("effect", "worth"),
    [("hour", 0.02), ("party", 0.003), ("taste", 0.05), ("repeat", 0.02), ("stay", 0.001)],
)
def test_each_effect_is_worth_something(rankings: list[Ranking], effect: str, worth: float) -> None:
    """Leaving an effect out of the truth costs NDCG@10, so each can be recovered by itself."""
    loss = np.mean([ranking.by_truth() - ranking.by_truth(effect) for ranking in rankings])
    assert loss > worth


def test_pairs_are_worth_something_in_the_basket(rankings: list[Ranking]) -> None:
    """With the first line known, leaving out what goes together costs NDCG@10 of the others."""
    loss = np.mean([r.next_in_basket() - r.next_in_basket("pair") for r in rankings])
    assert loss > 0.03


def test_probabilities_are_those_of_the_choices(export) -> None:
    """First lines are as frequent as the probabilities say, item by item within chance."""
    truth: Truth = export.truth
    lines = truth.tables["lines"]
    order, item = lines["order_seq"].to_numpy(), lines["item_seq"].to_numpy()
    first_item = item[np.flatnonzero(np.diff(order, prepend=0))]
    for hotel in truth.hotels:
        orders = truth.orders(hotel)
        chances = truth.probabilities(hotel, truth.contexts(hotel, orders))
        assert chances.sum(axis=1) == pytest.approx(1.0)
        picked = first_item[orders - 1] - 1 - truth.preferences[hotel].first_item
        counts = np.bincount(picked, minlength=chances.shape[1])
        spread = np.sqrt((chances * (1 - chances)).sum(axis=0))
        z = (counts - chances.sum(axis=0)) / np.maximum(spread, 0.5)
        assert abs(z).max() < 4.5
        assert z.std() < 1.3


def test_preferences_survive_the_files(export) -> None:
    """What is read back from Parquet is what the simulator held in memory."""
    for hotel in export.world.hotels:
        read = export.truth.preferences[hotel.seq]
        for name, value in vars(hotel.preferences).items():
            assert np.array_equal(getattr(read, name), value), name
    assert np.array_equal(export.truth.tastes, export.world.tastes)


def test_contexts_know_the_past_and_nothing_later(export) -> None:
    """An order's past is what its guest ordered before, in this stay or an earlier one."""
    world, truth = export.world, export.truth
    past: dict[int, set[int]] = {}
    before: dict[int, set[int]] = {}
    for order in range(len(world.orders)):
        guest = int(world.orders.guest[order])
        before[order + 1] = set(past.setdefault(guest, set()))
        first = int(world.orders.first_line[order])
        last = first + int(world.orders.line_count[order])
        past[guest] |= set(world.lines.item[first:last].tolist())
    orders = truth.orders(2)[::3]
    contexts = truth.contexts(2, orders)
    found: dict[int, set[int]] = {int(order): set() for order in orders}
    offset = truth.preferences[2].first_item
    for row, item in contexts.past.tolist():
        found[int(orders[row])].add(item + offset)
    assert found == {order: before[order] for order in found}


def test_a_stranger_can_be_scored(export) -> None:
    """A guest without known taste is scored by the situation alone; closed items get 0."""
    none = np.empty((0, 2), dtype=np.int64)
    one = {name: np.array([0]) for name in ("weekend", "stay_part", "party")}
    at_four = Contexts(
        guest=np.array([-1]),
        hour=np.array([4]),
        coupon=np.array([-1]),
        past=none,
        basket=none,
        **one,
    )
    (chances,) = export.truth.probabilities(1, at_four)
    category = np.array(export.truth.items(1)["category"].to_pylist())
    assert chances[category == "breakfast"].sum() == 0
    assert chances[category == "linen"].sum() > 0.2


def test_what_is_in_the_basket_is_not_chosen_again(export) -> None:
    """After the first lines, their items have probability 0, several a row included."""
    orders = export.truth.orders(1)[:200]
    contexts = export.truth.contexts(1, orders, basket_lines=6)
    chances = export.truth.probabilities(1, contexts)
    assert (chances[contexts.basket[:, 0], contexts.basket[:, 1]] == 0).all()
    assert len(contexts.basket) > len(orders)


def test_strengths_of_zero_leave_choices_to_appeal_and_opening_hours() -> None:
    """With every strength at 0 only appeal and opening hours are left."""
    names = ("hour", "party", "stay", "taste", "repeat", "pair", "coupon")
    off = {f"{name}_strength": 0.0 for name in names}
    world = simulator.simulate(SimulatorConfig(hotels=1, weeks=1, orders=10, **off))  # type: ignore[arg-type]
    mine = world.hotels[0].preferences
    bare = choice.factors(mine)
    assert np.array_equal(bare.situation, np.ones_like(bare.situation))
    assert (mine.loading == 0).all()
    assert (mine.pair == 0).all()


def test_a_folder_without_truth_is_named(tmp_path: Path) -> None:
    """Loading anything else says which file is missing."""
    with pytest.raises(DataFault, match=r"truth\.json is missing"):
        truths.load(tmp_path)
