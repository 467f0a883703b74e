"""Recommender: every number that a training can be given, frozen, with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingConfig:
    """What a training is told.

    Args:
        k: Length of the lists that metrics look at.
        holdout_days: Last days of the data, the test.
        validation_days: Days before the test, for early stopping and for choosing a model.
        validation_orders: Orders that the validation shall have at least, if need be of more days:
            with 115 orders early stopping stopped by chance, with a ranker behind popularity.
        folds: Groups of guests for cross-fitting, 2 or more.
        seed: Seed of every random choice.
        num_threads: Threads of LightGBM and of BLAS; part of what two equal trainings must share.
            Two threads on two free cores train in 0.8 of the time of one; when anything else runs
            there they wait for each other, and took three times as long (25 s against 9 s).
        half_life_days: Age at which an order counts half for popularity.
        hour_width: Width of the smoothing around the clock, in hours (one standard deviation).
        pair_strength: Stays that a pair of items must outweigh.
        ease_strength: Regularisation of the regression between items, in guests or orders.
        pool_orders: Latest orders of a hotel whose guests' pasts are compared with.
        pool_half_life_days: Age at which an order counts half when a cart is compared with it.
        past_weight: Weight of earlier stays beside the present stay.
        shared_strength: Orders of evidence that equally named items of other hotels are worth.
        kinds: Kinds of guests that are told apart by what they order.
        taste_guests: Guests that kinds are learned from, the latest ones.
        taste_rounds: Rounds of that learning.
        taste_strength: Lines of evidence that a kind's lift is shrunk by: a name's to 1, an
            item's to what its name has elsewhere.
        history_orders: Latest orders of a guest or stay that are looked at.
        training_orders: Orders that teach the ranker, the latest ones.
        evaluation_orders: Orders that a validation or test ranks at most, evenly spread.
        hidden_items: Items of a teaching order that are asked for in turn, its others in the cart.
        training_candidates: Items of a menu that teach the ranker for one order.
        own_weight: What the guest's own orders count in the score that the trees begin at;
            `preparing.prepare` learns it, and the next.
        near_weight: What the neighbours' orders count there.
        pull_weight: How far the pull of all items ordered before counts there, beside taste.
        candidates: Items of a menu that the ranker orders; the rest follow by their first score.
        trees: Most trees of the ranker.
        leaves: Leaves of a tree.
        learning_rate: Step of the boosting.
        min_leaf_rows: Fewest rows in a leaf.
        early_stopping: Trees without a better validation before training ends.
        min_training_orders: With fewer orders to learn from there is no ranker.
        bootstrap: Resamples for the interval of a metric.
    """

    k: int = 10
    holdout_days: int = 14
    validation_days: int = 7
    validation_orders: int = 1000
    folds: int = 5
    seed: int = 20261122
    num_threads: int = 1
    half_life_days: float = 60.0
    hour_width: float = 0.4
    pair_strength: float = 10.0
    ease_strength: float = 200.0
    pool_orders: int = 5000
    pool_half_life_days: float = 180.0
    past_weight: float = 0.3
    shared_strength: float = 20.0
    kinds: int = 8
    taste_guests: int = 20_000
    taste_rounds: int = 40
    taste_strength: float = 5.0
    history_orders: int = 100
    training_orders: int = 30_000
    evaluation_orders: int = 4000
    hidden_items: int = 4
    training_candidates: int = 30
    own_weight: float = 0.1
    near_weight: float = 0.3
    pull_weight: float = 0.0
    candidates: int = 300
    trees: int = 120
    leaves: int = 15
    learning_rate: float = 0.15
    min_leaf_rows: int = 50
    early_stopping: int = 20
    min_training_orders: int = 200
    bootstrap: int = 200

    @property
    def weights(self) -> tuple[float, float, float]:
        """What the guest's own orders, the neighbours' and the pull count before the first tree."""
        return self.own_weight, self.near_weight, self.pull_weight
