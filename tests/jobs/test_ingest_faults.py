"""What is in the way of a run: one clear fault, and nothing half-published."""

from __future__ import annotations

import os

import pyarrow as pa
import pytest
from tests.lakes import Chain, published
from tests.order_files import KEY, contents, item, row

from nextloop import settings
from nextloop.errors import DataFault, SystemFault, UsageFault
from nextloop.jobs.ingest import ingest
from nextloop.storage import delta
from nextloop.storage.lake import MARKER, writing
from nextloop.storage.slices import write_slice
from nextloop.tables import LANDING_FILES, ORDER_LINES, ORDERS


def leave_unfinished(chain, *tables):
    """Publish to tables as a run does that is killed before it writes the ledger."""
    for table in tables:
        rows = chain.table(table).to_pylist()
        rows.append({**rows[0], "order_seq": 666})
        file = write_slice(
            chain.lake.folder(table.name),
            table,
            "killed",
            pa.Table.from_pylist(rows, table.schema),
        )
        published(chain.lake, table, [file], "killed")


def test_unfinished_run_is_taken_back_by_the_next(chain):
    """What a killed run published to one table only is gone, and said to be."""
    chain.take_in([row(1)], "a.csv")
    leave_unfinished(chain, ORDERS)
    assert chain.rows(ORDERS, "order_seq") == [(1,), (666,)]
    report = chain.take_in([row(2)], "b.csv")
    assert report.rewound == ["orders"]
    assert chain.rows(ORDERS, "order_seq") == [(1,), (2,)]
    assert chain.ingest().rewound == []


def test_unfinished_run_is_taken_back_without_new_files(chain):
    """A run with nothing to do restores the tables once, and then leaves them alone."""
    chain.take_in([row(1)], "a.csv")
    leave_unfinished(chain, ORDERS, ORDER_LINES)
    assert chain.ingest().rewound == ["orders", "order_lines"]
    assert chain.rows(ORDERS, "order_seq") == [(1,)]
    versions = chain.versions()
    assert chain.ingest().rewound == []
    assert chain.versions() == versions


def test_features_read_what_finished_runs_left(chain):
    """An unfinished run's rows are in no feature, even before they are taken back."""
    chain.take_in([row(1)], "a.csv")
    leave_unfinished(chain, ORDERS, ORDER_LINES)
    assert chain.features("2017-12-31").rows["interactions"] == 1


def test_first_run_that_did_not_finish_is_done_again(chain):
    """Tables without any ledger row are what a killed first run left."""
    chain.put("a.csv", [row(1)])
    chain.ingest()
    leave_unfinished(chain, ORDERS)
    delta.rewind(chain.lake, LANDING_FILES, 0, chain.versions()[LANDING_FILES.name])
    report = chain.ingest()
    assert (report.rewound, report.new_files) == (["orders", "order_lines"], 1)
    assert chain.rows(ORDERS, "order_seq") == [(1,)]
    assert chain.rows(ORDER_LINES, "order_seq") == [(1,)]


def test_second_writer_is_refused_and_told_by_whom(chain):
    """Two runs at once: the second names the process that it waits for."""
    chain.take_in([row(1)], "a.csv")
    chain.put("b.csv", [row(2)])
    versions = chain.versions()
    with (
        writing(chain.lake),
        pytest.raises(SystemFault, match=rf"process {os.getpid()}\b.* is writing"),
    ):
        chain.ingest()
    assert chain.versions() == versions
    assert chain.ingest().new_files == 1


def test_folder_that_is_no_lake_is_not_written_to(chain):
    """Somebody's folder stays as it is."""
    chain.put("a.csv", [row(1)])
    chain.root.mkdir()
    (chain.root / "thesis.txt").write_text("do not touch", "utf-8")
    with pytest.raises(UsageFault, match="is not a NextLoop lake"):
        chain.ingest()
    assert [path.name for path in chain.root.iterdir()] == ["thesis.txt"]


def test_lake_path_that_is_a_file(chain):
    """A file in the lake's place is named."""
    chain.put("a.csv", [row(1)])
    chain.root.write_text("a file", "utf-8")
    with pytest.raises(UsageFault, match="is not a NextLoop lake"):
        chain.ingest()


def test_lake_made_with_another_key_is_refused(chain, tmp_path, sail):
    """Guests would be split in two: the fault shows both fingerprints and neither key."""
    chain.take_in([row(1)])
    other = Chain(
        tmp_path, sail, **{"privacy.guest_key": "another guest key of thirty-nine letters"}
    )
    with pytest.raises(UsageFault, match="made with another guest key") as found:
        other.ingest()
    assert "thirty-nine" not in found.value.message


def test_lake_of_another_format_is_refused(chain):
    """A lake of a later release is left alone."""
    chain.take_in([row(1)])
    mark = chain.root / MARKER
    mark.write_text(mark.read_text("utf-8").replace('"format": 2', '"format": 3'), "utf-8")
    with pytest.raises(UsageFault, match="format 3"):
        chain.ingest()


def test_damaged_mark_is_told(chain):
    """A mark that cannot be read is no reason to overwrite the lake."""
    chain.take_in([row(1)])
    (chain.root / MARKER).write_text("{", "utf-8")
    with pytest.raises(DataFault, match=r"mark .* cannot be read"):
        chain.ingest()


def test_mark_half_made_by_a_killed_run_is_no_foreign_file(chain):
    """A run killed while it made the lake does not lock everybody out of the folder."""
    chain.root.mkdir()
    (chain.root / f"{MARKER}.4711.writing").write_text("{", "utf-8")
    assert chain.take_in([row(1)]).accepted == 1


def test_missing_landing(chain):
    """The folder is named, and no lake is made."""
    chain.landing.rmdir()
    with pytest.raises(UsageFault, match=r"landing .* is not a folder"):
        chain.ingest()
    assert not chain.root.exists()


def test_empty_landing(chain):
    """A landing without order files is told from one without new ones."""
    (chain.landing / "readme.txt").write_text("soon", "utf-8")
    with pytest.raises(DataFault, match="holds no order file") as found:
        chain.ingest()
    assert "nextloop simulate" in found.value.hint
    assert not chain.root.exists()


def test_file_that_cannot_be_read(chain):
    """A file that the system does not give out is named, and nothing is published."""
    chain.put("a.csv", [row(1)])
    (chain.landing / "b.csv").symlink_to(chain.landing / "gone.csv")
    with pytest.raises(SystemFault, match=r"b\.csv cannot be read"):
        chain.ingest()
    assert not chain.root.exists()


@pytest.mark.parametrize("setting", ["landing", "lake"])
def test_address_that_no_bucket_has(tmp_path, sail, setting):
    """A misspelt address is not taken for a local folder of that name."""
    chain = Chain(tmp_path, sail)
    chain.put("a.csv", [row(1)])
    there = chain.settings.model_copy(update={setting: "gs://Bucket/place"})
    with pytest.raises(UsageFault, match="gs://Bucket/place is neither"):
        ingest(there, sail)
    assert not list(tmp_path.rglob("*ucket*"))


def test_lake_below_a_file_cannot_be_made(chain, tmp_path):
    """What the system says about the folder is passed on."""
    chain.put("a.csv", [row(1)])
    (tmp_path / "file").write_text("", "utf-8")
    below = chain.settings.model_copy(update={"lake": str(tmp_path / "file" / "lake")})
    with pytest.raises(SystemFault, match="cannot be written: Not a directory"):
        ingest(below, chain.sail)


def test_file_in_another_encoding_is_refused_whole(chain):
    """A file of which no row is UTF-8 was saved as CP949: it is refused, and says so."""
    path = chain.put("korean.csv", [row(1, contents=contents(item(itemName="김치찌개")))])
    path.write_bytes(path.read_bytes().decode().encode("cp949"))

    report = chain.ingest()

    assert [refusal.file_name for refusal in report.refused] == ["korean.csv"]
    assert "CP949" in report.refused[0].reason
    assert report.rows_in == 0


def test_engine_that_nobody_runs_is_told_at_once(chain):
    """A Spark Connect address where nobody listens is a system fault within seconds."""
    chain.put("w.csv", [row(1)])
    away = settings.load(
        {
            "landing": str(chain.landing),
            "lake": str(chain.root),
            "privacy.guest_key": KEY,
            "spark": "sc://127.0.0.1:1",
        }
    )

    with pytest.raises(SystemFault, match=r"No Spark Connect server answers on 127\.0\.0\.1:1"):
        ingest(away)


def test_features_of_a_far_future_are_refused(chain):
    """An as-of date long after the newest order would shadow the features of later weeks."""
    chain.take_in([row(1)])

    with pytest.raises(DataFault, match="after the newest orders"):
        chain.features("2099-01-01")


def test_new_guest_key_is_told(tmp_path, sail):
    """The first ingest says where it made the guest key, the second one is silent."""
    chain = Chain(tmp_path, sail, **{"privacy.guest_key": None})
    told = chain.take_in([row(1)]).warnings
    again = chain.take_in([row(2)], "x.csv").warnings

    assert len(told) == 1
    assert str(chain.settings.privacy.guest_key_file) in told[0]
    assert again == []
