"""The servers that our API is held against: the ceiling, and what people usually write.

    python benchmarks/serving_rivals.py bare|naive

`bare` returns a constant. `naive` loads an MLflow pyfunc with a random forest of 100 trees and
makes a pandas DataFrame of the menu for every request. Both run on the server that ours runs on.
"""

from __future__ import annotations

import socket
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

ANSWER = {
    "request_id": "9f6c0c0ae7d94d6f8a56f0c3ad0a8a52",
    "offers": [{"rank": 1, "item_seq": 101}],
}
MENU = 60


class Question(BaseModel):
    """As our API is asked; what the usual handler uses of it."""

    hotel_seq: int
    customer_seq: int | None = None
    at: str = "2017-12-24T20:00:00"
    ordered: list[int] = []
    k: int = 10


def bare() -> FastAPI:
    """Make the ceiling: nothing is read, nothing computed."""
    app = FastAPI()

    @app.post("/v1/recommendations")
    async def constant() -> dict[str, Any]:
        return ANSWER

    return health(app)


def naive() -> FastAPI:
    """Make what a tutorial would make."""
    import mlflow
    import pandas as pd

    folder, forest = (
        Path(tempfile.mkdtemp()) / "model",
        Path(__file__).with_name("serving_forest.py"),
    )
    mlflow.pyfunc.save_model(folder, python_model=str(forest))
    model = mlflow.pyfunc.load_model(str(folder))
    app = FastAPI()

    @app.post("/v1/recommendations")
    def recommend(question: Question) -> dict[str, Any]:
        rows = pd.DataFrame(
            {
                "hotel": question.hotel_seq,
                "guest": question.customer_seq or 0,
                "hour": datetime.fromisoformat(question.at).hour,
                "ordered": len(question.ordered),
                "item": range(MENU),
            }
        )
        rows["score"] = model.predict(rows)
        best = rows.sort_values("score", ascending=False).head(question.k)
        return {"offers": best[["item", "score"]].to_dict("records")}

    return health(app)


def health(app: FastAPI) -> FastAPI:
    """Let it be waited for."""

    @app.get("/healthz")
    async def healthz() -> str:
        return "alive"

    return app


def main() -> None:
    """Serve on a free port; print where."""
    app = {"bare": bare, "naive": naive}[sys.argv[1]]()
    listening = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_config=None, lifespan="off"))
    server.run(sockets=[listening])


if __name__ == "__main__":
    main()
