"""What the reader's tests share: rules, and a door that reads bytes as a landing file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.order_files import KEY

from nextloop.orders.reader import check_file, read_rows
from nextloop.orders.rows import STAGED, Rules, Source
from nextloop.settings.tree import STATUS_WORDS
from nextloop.tables import REJECTED_ROWS

SOURCE = Source("2017-W51.csv", 1, "ab" * 32)


class Read:
    """What became of one file's rows."""

    def __init__(self, path: Path, rules: Rules) -> None:
        check_file(str(path), rules)
        blocks = list(read_rows(str(path), SOURCE, rules))
        self.rows_in = sum(block.records for block in blocks)
        self.accepted = [found for block in blocks for found in block.accepted.to_pylist()]
        self.rejected = [found for block in blocks for found in block.rejected.to_pylist()]
        assert all(block.accepted.schema == STAGED for block in blocks)
        assert all(block.rejected.schema == REJECTED_ROWS.schema for block in blocks)

    @property
    def orders(self) -> list[int]:
        """The accepted rows' order numbers."""
        return [found["order_seq"] for found in self.accepted]

    @property
    def reasons(self) -> list[tuple[int, str, str | None]]:
        """Line, reason code and column of each rejected row."""
        return sorted((bad["line_number"], bad["reason"], bad["column"]) for bad in self.rejected)


ReadFile = Callable[..., Read]


def rules_with(**changes: Any) -> Rules:
    """The default settings' rules, with changes."""
    usual: dict[str, Any] = {
        "timezone": "Asia/Seoul",
        "hotel_timezones": {},
        "states": STATUS_WORDS,
        "max_row_bytes": 1_048_576,
        "max_file_bytes": 4 * 1024**3,
        "key": KEY.encode(),
    }
    return Rules(**{**usual, **changes})


@pytest.fixture
def read(tmp_path: Path) -> ReadFile:
    """Read text or bytes as a landing file."""

    def read_as(content: str | bytes, name: str = "file.csv", **rules: Any) -> Read:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Read(path, rules_with(**rules))

    return read_as
