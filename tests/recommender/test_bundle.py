"""A bundle answers from its files alone, the same as the training's code would."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from nextloop.errors import DataFault
from nextloop.recommender import ranking_features
from nextloop.recommender.asking import arrays_of
from nextloop.recommender.bundle import Bundle, Query, UnknownHotel
from nextloop.recommender.config import TrainingConfig
from nextloop.recommender.guests import Guests
from nextloop.recommender.queries import Histories
from nextloop.recommender.state import State

NOON = (12, 2)


@pytest.fixture
def bundle(trained):
    """The ranker of the planted world."""
    return trained.models["ranker"].bundle


def _simple(tables, orders, items=(), model="popularity"):
    """Count a few orders and let a simple model answer."""
    data, config = tables(orders, items).dataset, TrainingConfig()
    state = State.fit(data.interactions, data.catalog, config, data.as_of)
    chosen = next(m for m in state.models if m.name == model)
    return Bundle(chosen, state, Guests.of(data, 100), config, data.as_of)


@pytest.mark.parametrize(
    "name", ["popularity", "context", "together", "ease", "neighbours", "ranker"]
)
def test_files_answer_like_the_bundle_that_wrote_them(trained, key, name):
    """Writing and reading changes no answer and no file, for any model."""
    bundle = trained.models[name].bundle
    files = bundle.to_files()
    back = Bundle.from_files(files)

    assert back.to_files() == files
    assert back.describe() == bundle.describe()
    for query in (
        Query(1, NOON),
        Query(2, (23, 6), guest=key("guest 3"), ordered=(9,), adults=2, children=2),
        Query(1, datetime.fromisoformat("2026-03-20T08:00:00+09:00"), guest=key("guest 8")),
    ):
        assert back.recommend(query) == bundle.recommend(query)


def test_a_bundle_is_read_without_unpickling(bundle, monkeypatch):
    """Reading and answering works with pickle's loader taken away."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("something was unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(f"pickle.{name}", refuse)

    assert Bundle.from_files(bundle.to_files()).recommend(Query(1, NOON)).offers


@pytest.mark.parametrize(
    "name", ["bundle.json", "catalog.npz", "ranker.txt", "completing.txt", "context.npz"]
)
def test_a_missing_file_is_named(bundle, name):
    """A bundle without one of its files says which."""
    files = bundle.to_files()
    del files[name]

    with pytest.raises(DataFault, match=name):
        Bundle.from_files(files)


def test_files_of_another_format_are_refused(bundle):
    """A format that this version does not know is not guessed at."""
    files = bundle.to_files()
    files["bundle.json"] = files["bundle.json"].replace(b'"format": 4', b'"format": 9')

    with pytest.raises(DataFault, match="format 9"):
        Bundle.from_files(files)


@pytest.mark.parametrize("known", [True, False])
def test_serving_knows_what_training_knew(tables, order, known):
    """A request describes the menu exactly as the same moment in the data does."""
    guest = "kim" if known else None
    menu = order((1, 2, 3, 4), "2026-02-01 09:00")
    early = [
        order((1, 2), "2026-02-10 09:00", guest=guest, stay="a"),
        order((2,), "2026-02-12 20:00", guest=guest, stay="a"),
    ]
    # What came before in this stay is not yet in the bundle: the request tells it.
    told = order((3,), "2026-03-01 12:00", guest=guest, stay="b")
    asked = order(
        (4,), "2026-03-01 19:00", guest=guest, stay="b", stay_day=0, nights=2, adults=2, children=1
    )
    data = tables([menu, *early, told, asked]).dataset
    day = data.interactions.day
    known_orders = replace(data, interactions=data.interactions.take(day < day[4]))
    config = TrainingConfig()
    state = State.fit(known_orders.interactions, data.catalog, config, int(day[4]) - 1)
    histories = Histories.of(data.catalog, data.interactions, 100)
    guests = Guests.of(known_orders, 100)
    key = data.guest_key[0].decode() if known else None
    query = Query(1, asked.moment, key, stay_day=0, nights=2, adults=2, children=1, ordered=(3,))

    from_data = histories.ask(0, np.array([4]))
    from_request = arrays_of(query, data.catalog, guests, int(day[4]) - 1)

    np.testing.assert_allclose(
        ranking_features.matrix(state, from_request),
        ranking_features.matrix(state, from_data),
        rtol=1e-5,
        atol=1e-6,
    )


def test_what_the_history_holds_already_is_not_counted_twice(tables, order, key):
    """An item of this stay that the bundle knows of keeps its count when the request names it."""
    orders = [
        order((1,), "2026-03-01 09:00", guest="kim", stay="a"),
        order((2,), "2026-03-02 09:00", guest="kim", stay="a"),
    ]
    data = tables(orders).dataset
    query = Query(
        1, datetime.fromisoformat("2026-03-03T10:00+09:00"), key("kim"), stay_day=2, ordered=(1, 2)
    )

    asked = arrays_of(query, data.catalog, Guests.of(data, 100), data.as_of)

    assert asked.past_count.tolist() == [[1, 1]]
    assert asked.past_orders.tolist() == [2]


def test_an_hour_without_a_date_is_the_next_such_weekday(tables, order):
    """Hour and weekday alone are taken to be in the week after the data."""
    data = tables([order((1,), "2026-03-01 09:00")]).dataset  # a Sunday
    for weekday in range(7):
        asked = arrays_of(Query(1, (5, weekday)), data.catalog, Guests.of(data, 9), data.as_of)
        assert asked.day.tolist() == [data.as_of + 1 + weekday]
        assert (asked.hour.tolist(), asked.weekday.tolist()) == ([5], [weekday])


def test_a_hotel_that_is_not_in_the_bundle_is_refused(bundle):
    """Asking for a hotel that was never trained on names it."""
    assert bundle.hotels == (1, 2)
    with pytest.raises(UnknownHotel, match="hotel 3 "):
        bundle.recommend(Query(3, NOON))


def test_excluded_items_and_requests_without_a_price_are_never_offered(tables, order, item):
    """What is excluded, and what costs nothing, is in no answer; unknown numbers do no harm."""
    orders = [order((1, 2, 3), "2026-03-01 09:00")]
    bundle = _simple(tables, orders, [item(4, "towel", price=0), item(5, "new dish")])

    answer = bundle.recommend(Query(1, NOON, exclude=frozenset({2, 99}), k=10))

    assert [offer.item for offer in answer.offers] == [1, 3, 5]


def test_a_k_beyond_the_menu_gives_the_whole_menu_ranked(bundle):
    """Ranks count up from 1, scores fall, and no item comes twice."""
    offers = bundle.recommend(Query(1, NOON, k=1_000)).offers

    assert len(offers) == len({offer.item for offer in offers}) == 30
    assert [offer.rank for offer in offers] == list(range(1, 31))
    scores = [offer.score for offer in offers]
    assert scores == sorted(scores, reverse=True)


def test_equal_scores_stand_by_item_number(tables, order):
    """Equally popular items come in the sequence of their numbers."""
    bundle = _simple(tables, [order((7, 3, 5), "2026-03-01 09:00")])

    assert [offer.item for offer in bundle.recommend(Query(1, NOON)).offers] == [3, 5, 7]


def test_a_hotel_never_offers_another_hotels_items(tables, order):
    """Each hotel answers from its own menu."""
    bundle = _simple(
        tables,
        [order((1, 2), "2026-03-01 09:00"), order((8, 9), "2026-03-01 09:00", hotel=2)],
    )

    assert {offer.item for offer in bundle.recommend(Query(2, NOON, ordered=(1,))).offers} == {8, 9}


def test_the_answer_names_its_ground(tables, order, item, bundle, key):
    """Guest, then context, then hotel, then equally named items elsewhere."""
    known = Query(1, NOON, guest=key("guest 1"))
    known = known if bundle.guests.find(0, key("guest 1")) is not None else replace(known, hotel=2)
    assert bundle.recommend(known).source == "guest"
    assert not bundle.recommend(known).fallback
    assert bundle.recommend(Query(1, NOON, ordered=(9,))).source == "guest"
    assert bundle.recommend(Query(1, NOON, guest=key("nobody"))).source == "context"
    assert bundle.recommend(Query(1, NOON)).fallback

    simple = _simple(tables, [order((1,), "2026-03-01 09:00")], [item(1, hotel=2)])
    assert simple.recommend(Query(1, NOON)).source == "hotel"
    assert simple.recommend(Query(2, NOON)).source == "shared"


def test_a_guest_of_another_hotel_is_unknown_here(bundle, key):
    """A guest key finds a history in its own hotel only."""
    codes = [bundle.guests.find(hotel, key("guest 1")) for hotel in (0, 1)]

    assert sum(code is not None for code in codes) == 1


def test_histories_hold_what_the_orders_hold(tables, order):
    """Counts and last days of a guest are those of the latest orders within the limit."""
    orders = [
        order((1,), "2026-03-01 09:00", guest="kim"),
        order((1, 2), "2026-03-02 09:00", guest="kim"),
        order((1,), "2026-03-04 09:00", guest="lee"),
        order((2,), "2026-03-05 09:00", guest="kim"),
    ]
    data = tables(orders).dataset
    guests = Guests.of(data, limit=2)
    kim = data.interactions.guest[0]

    lines = slice(guests.start[kim], guests.start[kim + 1])
    assert guests.orders[kim] == 2
    assert guests.item[lines].tolist() == [0, 1]
    assert guests.count[lines].tolist() == [1, 2]
    day = data.interactions.day
    assert guests.last_day[lines].tolist() == [day[1], day[3]]


def test_the_smallest_hotel_answers(tables, order):
    """One item and one order are enough for an answer by every simple model."""
    for model in ("popularity", "context", "together", "ease", "neighbours"):
        bundle = _simple(tables, [order((1,), "2026-03-01 09:00")], model=model)
        assert [o.item for o in bundle.recommend(Query(1, NOON, ordered=(1,))).offers] == [1]


def test_the_bundle_imports_no_table_reader():
    """Nothing of ours that serving loads imports pyarrow, Spark or MLflow."""
    code = (
        "import sys; sys.modules.update(pyarrow=None, pandas=None, pyspark=None, mlflow=None);"
        "import nextloop.recommender.bundle"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
