"""What the tasks that read files leave to those that write weeks."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from tests.generated_rows import rows
from tests.order_files import contents, csv_text, item, row
from tests.orders.conftest import SOURCE, rules_with

from nextloop.orders.reader import read_rows
from nextloop.orders.rows import STAGED
from nextloop.orders.staged import CLAIMS, claims_path, open_staged, read_week
from nextloop.storage.files import open_input, open_output


def pieces(path, orders) -> list[pa.Table]:
    """Read the accepted rows of a file, piece by piece."""
    path.write_text(csv_text(orders))
    return [piece.accepted for piece in read_rows(str(path), SOURCE, rules_with())]


def staged(folder, *tables: pa.Table) -> dict[str, list[int]]:
    """Stage tables; return where each week's batches are."""
    with open_staged(f"{folder}/staged", open_output) as out:
        for table in tables:
            out.write(table)
    return out.batches


@pytest.fixture
def two_weeks(tmp_path):
    """Orders of two weeks, in turns."""
    days = ["2017-12-20 19:00:00", "2017-12-27 19:00:00"]
    (found,) = pieces(
        tmp_path / "file.csv",
        [row(n, reg_date=days[n % 2], contents=contents(*[item()] * n)) for n in range(1, 8)],
    )
    return found


def test_week_is_read_without_the_others(tmp_path, two_weeks):
    """Its rows come whole, items and all, and no other week's."""
    batches = staged(tmp_path, two_weeks, two_weeks[:3])
    assert list(batches) == ["2017-12-18", "2017-12-25"]
    found = read_week([(f"{tmp_path}/staged", batches["2017-12-25"])], open_input)
    assert found.schema == STAGED
    assert found["order_seq"].to_pylist() == [1, 3, 5, 7, 1, 3]
    assert [len(lines) for lines in found["lines"].to_pylist()] == [1, 3, 5, 7, 1, 3]


def test_claims_hold_every_row(tmp_path, two_weeks):
    """The engine settles over all weeks, by a few columns."""
    staged(tmp_path, two_weeks[:4], two_weeks[4:])
    claims = pq.read_table(claims_path(f"{tmp_path}/staged"))
    assert claims.column_names == list(CLAIMS)
    assert claims.equals(two_weeks.select(CLAIMS).cast(claims.schema))


def test_failure_leaves_no_file(tmp_path, two_weeks):
    """A file that was not read to its end has staged nothing."""
    with (
        pytest.raises(pa.ArrowInvalid),
        open_staged(f"{tmp_path}/out/staged", open_output) as out,
    ):
        out.write(two_weeks.drop(["lines"]))
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


@given(st.lists(rows(), min_size=1, max_size=8), st.integers(1, 8))
@limits(max_examples=30)
def test_weeks_together_are_the_file(tmp_path_factory, orders, cut):
    """Whatever order rows have and however they come, each is in its week once."""
    folder = tmp_path_factory.mktemp("staged")
    (whole,) = pieces(folder / "file.csv", orders)
    batches = staged(folder, whole[:cut], whole[cut:])
    found = {
        week: read_week([(f"{folder}/staged", places)], open_input).to_pylist()
        for week, places in batches.items()
    }
    for week, those in found.items():
        assert {each["order_week"] for each in those} == {dt.date.fromisoformat(week)}
    together = [each for those in found.values() for each in those]
    assert sorted(together, key=lambda each: each["line_number"]) == whole.to_pylist()
