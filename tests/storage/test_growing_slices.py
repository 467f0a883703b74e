"""A slice that is written piece by piece: the same file as one written at once."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nextloop.storage import slices
from nextloop.storage.slices import open_slice, write_slice
from nextloop.tables import REJECTED_ROWS


def rejects(*lines: int) -> pa.Table:
    """Rejected rows of one file at these lines."""
    return pa.Table.from_pylist(
        [
            {
                "file_name": "주문.csv",
                "file_revision": 1,
                "file_sha256": "ab",
                "line_number": line,
                "reason": "column_count",
                "raw": "x" * 100,
            }
            for line in lines
        ],
        REJECTED_ROWS.schema,
    )


@pytest.mark.parametrize("held", [1, 10_000, 10**9], ids=["each", "some", "all"])
def test_pieces_make_the_same_slice(tmp_path, monkeypatch, held):
    """Rows, statistics and description are those of the slice written at once."""
    monkeypatch.setattr(slices, "_HELD_BYTES", held)
    pieces = [rejects(2, 3), rejects(), rejects(*range(10, 200)), rejects(201)]
    with open_slice(str(tmp_path / "grown"), REJECTED_ROWS, "r", "ab") as grown:
        for piece in pieces:
            grown.write(piece)
    whole = write_slice(str(tmp_path / "whole"), REJECTED_ROWS, "r", pa.concat_tables(pieces))
    assert grown.file is not None
    assert {**vars(grown.file), "size": 0} == {**vars(whole), "size": 0}
    assert json.loads(whole.stats)["numRecords"] == whole.rows == 193
    found, other = (tmp_path / folder / whole.path for folder in ("grown", "whole"))
    assert grown.file.size == found.stat().st_size
    assert pq.read_table(found).equals(pq.read_table(other))


def test_rows_are_written_while_they_come(tmp_path, monkeypatch):
    """What a file has too much of does not wait in memory for its end."""
    monkeypatch.setattr(slices, "_HELD_BYTES", 10_000)
    with open_slice(str(tmp_path), REJECTED_ROWS, "r", "ab") as grown:
        for line in range(2, 2000):
            grown.write(rejects(line))
    assert grown.file is not None
    assert 10 < pq.ParquetFile(tmp_path / grown.file.path).metadata.num_row_groups < 100


def test_slice_that_failed_leaves_no_file(tmp_path):
    """Neither the slice nor what was written of it stays."""
    with open_slice(str(tmp_path), REJECTED_ROWS, "r", "ab") as grown:
        grown.write(rejects(2))
    with (
        pytest.raises(KeyError, match="reason"),
        open_slice(str(tmp_path), REJECTED_ROWS, "failed", "ab") as grown,
    ):
        grown.write(rejects(2).drop(["reason"]))
    assert [path.parent.name for path in tmp_path.rglob("*") if path.is_file()] == ["run-r"]
