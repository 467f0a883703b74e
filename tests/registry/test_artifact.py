"""A model's folder gives back what was stored, or is refused before anything in it is opened."""

from __future__ import annotations

import json
import os
import stat
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextloop.errors import DataFault, SystemFault
from nextloop.registry import artifact, manifest

FILES = {
    "model.json": '{"이름": "popularity"}'.encode(),
    "arrays.npz": b"PK\x03\x04",
    "ranker.1.txt": b"tree",
}
PICKLE = b"cposix\nsystem\n(S'touch canary'\ntR."


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "bundle"


@pytest.fixture
def digest(folder):
    return artifact.write(FILES, folder)


def _refused(folder, digest=None):
    with pytest.raises(DataFault) as fault:
        artifact.read(folder, digest)
    assert str(folder) in fault.value.message
    assert fault.value.hint
    return fault.value.message


def _seal_again(folder, names):
    """Do what a thorough attacker does: put files and a manifest that fits them."""
    found = [
        manifest.Entry(name, len(content), manifest.checksum(content))
        for name, content in sorted((name, (folder / name).read_bytes()) for name in names)
    ]
    (folder / "manifest.json").write_bytes(manifest.encode(found))


def test_what_is_written_is_read_back(folder, digest):
    """The same bytes come back under the same names."""
    assert artifact.read(folder, digest) == FILES
    assert [entry.name for entry in artifact.entries(folder, digest)] == sorted(FILES)


def test_the_digest_depends_on_content_only(tmp_path, digest):
    """Equal files give an equal digest wherever they lie, one other byte gives another."""
    backwards = dict(reversed(FILES.items()))
    assert artifact.write(backwards, tmp_path / "again") == digest
    changed = FILES | {"arrays.npz": b"PK\x03\x05"}
    assert artifact.write(changed, tmp_path / "changed") != digest


def test_only_the_owner_may_enter(folder, digest):
    """The folder has mode 0700 and its files 0600, whatever the umask."""
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_an_existing_folder_is_never_overwritten(folder, digest):
    """Writing there again fails and leaves the first model and no scraps."""
    with pytest.raises(SystemFault, match="cannot be written"):
        artifact.write({"other.txt": b""}, folder)
    assert artifact.read(folder, digest) == FILES
    assert [path.name for path in folder.parent.glob("*bundle*")] == ["bundle"]


@pytest.mark.parametrize(
    "name",
    ["model.pkl", "model.joblib", "code.py", "../up.txt", "a/b.txt", "no_suffix", ".hidden.txt",
     "manifest.json", "모델.txt", ""],
)  # fmt: skip
def test_what_is_not_data_is_not_stored(folder, name):
    """Code, paths and odd names are refused and nothing is written."""
    with pytest.raises(DataFault, match="cannot be stored"):
        artifact.write({name: b"x"}, folder)
    assert not folder.exists()


def test_an_empty_model_is_not_stored(folder):
    """A model has at least one file."""
    with pytest.raises(DataFault, match="0 files"):
        artifact.write({}, folder)


def test_a_planted_pickle_is_refused(folder, digest):
    """A pickle beside the files is an extra file; listed in the manifest it is no model file."""
    (folder / "model.pkl").write_bytes(PICKLE)
    assert "an extra file 'model.pkl'" in _refused(folder)
    _seal_again(folder, [*FILES, "model.pkl"])
    assert "'model.pkl' is no model file" in _refused(folder)
    assert not (folder / "canary").exists()


def test_a_swapped_file_is_refused(folder, digest):
    """Another content of the same size is found by its sum, of another size by its size."""
    (folder / "ranker.1.txt").write_bytes(b"evil")
    assert "'ranker.1.txt' is not the file that was stored" in _refused(folder, digest)
    (folder / "ranker.1.txt").write_bytes(b"longer than before")
    assert "'ranker.1.txt' is not the file that was stored" in _refused(folder, digest)


def test_a_swapped_model_with_its_own_manifest_is_refused(folder, digest):
    """Files and manifest that fit each other have another digest than the ledger's."""
    (folder / "ranker.1.txt").write_bytes(b"evil")
    _seal_again(folder, FILES)
    assert "its digest is" in _refused(folder, digest)


@pytest.mark.parametrize("name", ["ranker.1.txt", "manifest.json"])
def test_a_link_is_refused(folder, digest, tmp_path, name):
    """A link is not followed, even to the very same bytes."""
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    assert f"'{name}' is a link" in _refused(folder, digest)


def test_a_linked_folder_is_refused(folder, digest, tmp_path):
    """A folder that is a link could change its target between two looks."""
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert "it is a link or no folder" in _refused(link, digest)


def test_an_extra_file_is_refused(folder, digest):
    """Nothing may lie beside what the manifest lists, folders included."""
    (folder / "more").mkdir()
    assert "an extra file 'more'" in _refused(folder, digest)


def test_a_missing_file_is_refused(folder, digest):
    """The missing file is named."""
    (folder / "arrays.npz").unlink()
    assert "no file 'arrays.npz'" in _refused(folder, digest)


def test_a_missing_manifest_or_folder_is_refused(folder, digest, tmp_path):
    """Without a manifest nothing is read; without a folder the path is named."""
    (folder / "manifest.json").unlink()
    assert "it has no manifest.json" in _refused(folder)
    assert "There is no model folder" in _refused(tmp_path / "nowhere")


def test_a_pipe_is_refused_without_waiting(folder, digest):
    """A pipe in place of a file must not hang the reader."""
    (folder / "ranker.1.txt").unlink()
    os.mkfifo(folder / "ranker.1.txt")
    assert "no regular file" in _refused(folder, digest)


def test_a_manifest_of_a_gigabyte_is_not_believed(folder, digest):
    """The sizes are judged before any file is read."""
    entries = [manifest.Entry("huge.npz", manifest.MAX_BYTES + 1, "0" * 64)]
    (folder / "manifest.json").write_bytes(manifest.encode(entries))
    assert "are no model" in _refused(folder)


@given(st.one_of(st.binary(max_size=80), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["files", "format", "name", "bytes", "sha256"]), inner),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())))  # fmt: skip
def test_no_manifest_breaks_the_reader(content):
    """Whatever the manifest holds, the answer is a fault or entries that encode to it."""
    try:
        found = manifest.decode(content)
    except DataFault:
        return
    assert manifest.encode(found) == content


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9._-]{0,8}\.(npz|txt|json|parquet)",
                                     fullmatch=True), st.binary(max_size=20), min_size=1,
                       max_size=5))  # fmt: skip
def test_a_manifest_is_read_as_it_was_written(files):
    """Encoding and decoding are inverse for every set of model files."""
    if "manifest.json" in files:
        return
    entries = manifest.describe(files)
    assert manifest.decode(manifest.encode(entries)) == entries


OPENED: list[str] = []
WATCHED: list[str] = []


def _note(event, arguments):
    if WATCHED and event == "open" and isinstance(arguments[0], str):
        OPENED.append(arguments[0])


@pytest.fixture(scope="module")
def watching():
    sys.addaudithook(_note)  # cannot be taken away again, so it is told when to listen


def _link(folder):
    (folder / "ranker.1.txt").rename(folder.parent / "elsewhere.txt")
    (folder / "ranker.1.txt").symlink_to(folder.parent / "elsewhere.txt")


@pytest.mark.parametrize(
    "poison",
    [
        lambda folder: (folder / "evil.pkl").write_bytes(PICKLE),
        lambda folder: (folder / "notes.txt").write_bytes(b"extra"),
        lambda folder: (folder / "model.json").unlink(),
        lambda folder: (folder / "manifest.json").write_bytes(b"{}"),
        _link,
    ],
    ids=["pickle", "extra", "missing", "manifest", "link"],
)
def test_nothing_but_the_manifest_is_opened_of_a_poisoned_folder(folder, digest, watching, poison):
    """The names and the digest are judged first; a swapped file must be read to be known."""
    poison(folder)
    OPENED.clear()
    WATCHED.append("now")
    try:
        _refused(folder, digest)
    finally:
        WATCHED.clear()
    assert set(OPENED) <= {str(folder), "manifest.json"}
