"""The folders: whose they are, who writes to them, and what is found in them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest

from nextloop.errors import DataFault, SystemFault, UsageFault
from nextloop.storage.files import local_copy, read_bytes
from nextloop.storage.lake import MARKER, create_lake, open_lake, writing
from nextloop.storage.landing import hashed, list_landing


def test_lake_is_made_where_there_is_nothing_or_an_empty_folder(tmp_path):
    """Both give a lake that opens again with the same key and from below the home folder."""
    (tmp_path / "empty").mkdir()
    for place in ("new/below", "empty"):
        made = create_lake(tmp_path / place, "ab" * 8)
        assert open_lake(tmp_path / place, "ab" * 8) == made == open_lake(tmp_path / place)
        assert create_lake(tmp_path / place, "ab" * 8) == made
    assert create_lake("~/lake", "ab" * 8).root == str(tmp_path / "home" / "lake")


def test_lake_that_is_not_there(tmp_path):
    """Reading says how one is made, and makes none."""
    for place in ("nowhere", "home"):
        with pytest.raises(DataFault, match="There is no lake") as found:
            open_lake(tmp_path / place)
        assert "nextloop ingest" in found.value.hint
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["a[1]", "b{x}", "c*", "d?"])
def test_lake_whose_name_is_a_pattern_is_refused(tmp_path, name):
    """An engine would read nothing there, or too much: it is told before anything is made."""
    for open_it in (create_lake, open_lake):
        with pytest.raises(UsageFault, match="pattern"):
            open_it(tmp_path / name / "lake", "ab" * 8)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("place", "advice"), [("gs:/b/x", "gs://b/x"), ("gs:b", "gs://b"), ("file:/x", "file:///x")]
)
def test_missing_slash_of_an_address_is_told(place, advice):
    """It is not taken for a folder of that name."""
    with pytest.raises(UsageFault) as found:
        open_lake(place)
    assert advice in found.value.hint


def test_mark_tells_no_key(lake):
    """The mark holds a fingerprint, by which a key is known and cannot be found."""
    assert read_bytes(f"{lake.root}/{MARKER}").count(b"0" * 16) == 1


def test_writer_that_died_does_not_block(folder_lake):
    """The system frees a dead process's hold: nobody has to unlock anything."""
    code = (
        "import os, sys; from nextloop.storage.lake import open_lake, writing\n"
        "with writing(open_lake(sys.argv[1])): os._exit(9)"
    )
    died = subprocess.run([sys.executable, "-c", code, folder_lake.root], check=False, timeout=60)
    assert died.returncode == 9
    with writing(folder_lake):
        pass


def test_second_writer_is_told_the_process(folder_lake):
    """The number is that of the process that holds the lake now, not of one before."""
    for _ in range(2):
        with writing(folder_lake), pytest.raises(SystemFault) as found, writing(folder_lake):
            pass
        assert found.value.message.count("process") == 1
        assert "skipped" in found.value.hint


def test_landing_lists_names_sizes_and_sums(tmp_path):
    """Files come by name, with the sum of their bytes."""
    (tmp_path / "in" / "b").mkdir(parents=True)
    (tmp_path / "in" / "z.csv").write_bytes(b"zz")
    (tmp_path / "in" / "b" / "a.csv.gz").write_bytes(b"a")
    found = hashed(list_landing(tmp_path / "in"), {})
    assert [(file.name, file.size) for file in found] == [("b/a.csv.gz", 1), ("z.csv", 2)]
    assert found[1].sha256 == hashlib.sha256(b"zz").hexdigest()


def test_file_that_did_not_change_is_not_read_again(tmp_path):
    """Its sum is known by name and mark; any write, even one that keeps size and time, tells."""
    path = tmp_path / "w.csv"
    path.write_bytes(b"zz")
    (found,) = list_landing(tmp_path)
    known = {(found.name, found.mark): "known"}
    assert [file.sha256 for file in hashed([found], known)] == ["known"]
    before = path.stat()
    path.write_bytes(b"yy")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    (file,) = hashed(list_landing(tmp_path), known)
    assert file.sha256 == hashlib.sha256(b"yy").hexdigest()


def test_file_that_is_written_to_while_it_is_read(tmp_path):
    """What was read of it does not count."""
    path = tmp_path / "w.csv"
    path.write_bytes(b"zz")
    (found,) = list_landing(tmp_path)
    with pytest.raises(DataFault, match="written to while"), local_copy(found.path, found.mark):
        path.write_bytes(b"more")


def test_landing_follows_links_to_files(tmp_path):
    """A landing may be made of links into an archive."""
    (tmp_path / "archive.csv").write_bytes(b"x")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "w.csv").symlink_to(tmp_path / "archive.csv")
    assert [file.name for file in list_landing(tmp_path / "in")] == ["w.csv"]


def test_landing_of_events_alone_is_told_what_takes_them(tmp_path):
    """A week without orders leaves its events behind: the hint names their own command."""
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "events-20171224T000000Z-aa.jsonl").write_text("{}\n")
    with pytest.raises(DataFault, match="no order file") as found:
        list_landing(tmp_path)
    assert "nextloop events ingest" in found.value.hint


def test_landing_that_is_a_file(tmp_path):
    """A file in a folder's place is named with the option that gives it."""
    (tmp_path / "orders.csv").write_bytes(b"x")
    with pytest.raises(UsageFault, match="is not a folder") as found:
        list_landing(tmp_path / "orders.csv")
    assert "--landing" in found.value.hint
