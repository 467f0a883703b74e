"""What every model keeps: the contract class holds the laws, each model's class inherits them."""

from __future__ import annotations

import numpy as np
import pytest

from nextloop.recommender.ranker import Ranker


class ModelContract:
    """Laws of every model; each model's class below inherits them."""

    def test_scores_are_finite_and_of_the_hotels_shape(self, model, histories, split):
        """There is one finite score for each query and item of the hotel."""
        for orders, queries in histories.batches(np.flatnonzero(split.test)):
            scores = model.score(queries)
            assert scores.shape == (len(orders), queries.rows.stop - queries.rows.start)
            assert np.isfinite(scores).all()

    def test_a_query_is_scored_the_same_alone_and_in_a_batch(self, model, histories, split):
        """Other queries of a batch do not change a score beyond rounding."""
        orders, queries = next(histories.batches(np.flatnonzero(split.test)))
        alone = model.score(histories.ask(queries.hotel, orders[:1]))

        np.testing.assert_allclose(alone[0], model.score(queries)[0], rtol=1e-4, atol=1e-5)

    def test_a_cart_is_scored_the_same_alone_and_in_a_batch(self, model, histories, split):
        """Queries with a cart are scored like those without, also side by side with them."""
        hidden = histories.interactions.hidden(1)
        several = np.flatnonzero(split.test & (hidden >= 0))
        orders, queries = next(histories.batches(several, hidden))
        alone = model.score(histories.ask(queries.hotel, orders[:1], queries.cart[:1]))
        cart = queries.cart.copy()
        cart[1:] = 0
        mixed = model.score(histories.ask(queries.hotel, orders, cart))

        np.testing.assert_allclose(alone[0], model.score(queries)[0], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(alone[0], mixed[0], rtol=1e-4, atol=1e-5)

    def test_scoring_twice_gives_equal_scores(self, model, histories, split):
        """Scoring keeps nothing."""
        _, queries = next(histories.batches(np.flatnonzero(split.test)))

        np.testing.assert_array_equal(model.score(queries), model.score(queries))


class TestPopularity(ModelContract):
    """Popularity keeps the contract."""

    @pytest.fixture
    def model(self, counted):
        """The model under test."""
        return counted.popularity


class TestContext(ModelContract):
    """Popularity in context keeps the contract."""

    @pytest.fixture
    def model(self, counted):
        """The model under test."""
        return counted.context


class TestTogether(ModelContract):
    """Co-occurrence keeps the contract."""

    @pytest.fixture
    def model(self, counted):
        """The model under test."""
        return counted.together


class TestEase(ModelContract):
    """The regression between items keeps the contract."""

    @pytest.fixture
    def model(self, counted):
        """The model under test."""
        return counted.ease


class TestNeighbours(ModelContract):
    """Personal frequency with neighbours keeps the contract."""

    @pytest.fixture
    def model(self, counted):
        """The model under test."""
        return counted.neighbours


class TestRanker(ModelContract):
    """The ranker keeps the contract."""

    @pytest.fixture
    def model(self, counted, trees):
        """The model under test."""
        return Ranker(counted, trees, candidates=300, weights=(0.1, 0.3, 0.0))


class TestRankerOfABigMenu(ModelContract):
    """The ranker keeps the contract when the menu is longer than its candidates."""

    @pytest.fixture
    def model(self, counted, trees):
        """The model under test."""
        return Ranker(counted, trees, candidates=5, weights=(0.1, 0.3, 0.0))

    def test_what_is_no_candidate_stands_below_the_candidates(self, model, histories, split):
        """Five items are ranked by the trees, the others follow by their first score."""
        _, queries = next(histories.batches(np.flatnonzero(split.test)))
        every = Ranker(model.state, model.trees, candidates=300, weights=(0.1, 0.3, 0.0)).score(
            queries
        )
        some = model.score(queries)

        same = np.isclose(every, some)
        assert (some[~same] < some[same].min()).all()
        assert (same.sum(axis=1) >= 5).all()
        best = np.sort(np.where(same, some, -np.inf), axis=1)[:, -5:]
        assert (best.min(axis=1) >= np.sort(some, axis=1)[:, -5]).all()


def test_no_model_is_left_out(trained):
    """Every model that a training compares has a class above."""
    tested = {kind.__name__.removeprefix("Test").lower() for kind in ModelContract.__subclasses__()}

    assert set(trained.models) <= tested
