"""The usual model, as MLflow's "model from code": a random forest of 100 trees.

In: rows of hotel, guest, hour, orders so far, item. Out: a score a row.
"""

from __future__ import annotations

from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.pyfunc import PythonModel
from sklearn.ensemble import RandomForestRegressor

COLUMNS = 5
ROWS = 20_000


class Forest(PythonModel):  # type: ignore[misc] # MLflow has no types
    """Learns from random rows: how long an answer takes does not depend on what was learned."""

    def load_context(self, context: Any) -> None:  # noqa: ARG002 MLflow's own signature
        """Train; that is not what is measured."""
        chance = np.random.default_rng(20261122)
        rows = chance.random((ROWS, COLUMNS))
        self.forest = RandomForestRegressor(100, max_depth=12, random_state=0, n_jobs=1)
        self.forest.fit(rows, rows @ np.arange(COLUMNS))

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:  # noqa: ARG002
        """Score rows."""
        return self.forest.predict(model_input.to_numpy())


mlflow.models.set_model(Forest())
