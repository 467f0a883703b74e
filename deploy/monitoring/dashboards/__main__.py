"""`make dashboards`: writes each dashboard's JSON to where Grafana reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from deploy.monitoring.dashboards import airflow, api, hosts, model, overview, pipeline
from deploy.monitoring.dashboards.panels import Board
from grafana_foundation_sdk.cog.encoder import JSONEncoder

FOLDER: Final = Path(__file__).parent.parent / "grafana" / "dashboards"
BOARDS: Final[tuple[Board, ...]] = (
    overview.BOARD,
    api.BOARD,
    pipeline.BOARD,
    model.BOARD,
    airflow.BOARD,
    hosts.BOARD,
)


def text_of(board: Board) -> str:
    """Write a dashboard as JSON, equal for equal boards."""
    return json.dumps(board.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for board in BOARDS:
        (FOLDER / f"{board.name}.json").write_text(text_of(board), "utf-8")


if __name__ == "__main__":
    main()
