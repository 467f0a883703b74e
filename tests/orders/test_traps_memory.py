"""Files that are made to fill the memory: refused or read past, within bounds."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import peaks
from tests.order_files import KEY, csv_line, csv_text, row

MEBIBYTE = 1024 * 1024
PIECE = b"x" * MEBIBYTE
BOUND = 192 * MEBIBYTE
"""Of `orders.max_file_bytes` here, so that a bomb need not hold gigabytes to be one."""


def endless_quote() -> Iterator[bytes]:
    """A quote opened in the third row and never closed, over 50 lines of a megabyte."""
    yield csv_text([row(1), row(2)]).encode() + b'"'
    yield from [PIECE[1:] + b"\n"] * 50


def cell() -> Iterator[bytes]:
    """A quoted cell of 100 MB, and a good row after it."""
    yield csv_text([row(11), row(12)]).encode() + b'"'
    yield from [PIECE] * 100
    yield b'"\n' + csv_line(row(13)).encode() + b"\n"


def quotes() -> Iterator[bytes]:
    """Nothing but quotes, a line each."""
    yield csv_text([row(21)]).encode()
    yield b'"\n' * 200_000


def bomb() -> Iterator[bytes]:
    """300 MB that pack to 2."""
    yield csv_text([row(31)]).encode()
    yield from [PIECE] * 300


def header_bomb() -> Iterator[bytes]:
    """A first line of 300 MB, packed."""
    yield from [PIECE] * 300


FILES = {
    "quote.csv": (endless_quote, "column_count (49)"),
    "cell.csv": (cell, "row_too_long (1)"),
    "quotes.csv": (quotes, "unbalanced_quote (200,000)"),
    "bomb.csv.gz": (bomb, "unpacks to more than"),
    "header.csv.gz": (header_bomb, "longer than 65536 bytes"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The files, written piece by piece."""
    folder = tmp_path_factory.mktemp("memory")
    for name, (content, _) in FILES.items():
        packed = name.endswith(".gz")
        with gzip.open(folder / name, "wb", 1) if packed else (folder / name).open("wb") as file:
            for piece in content():
                file.write(piece)
    return folder


def run(*arguments: str, **environment: str) -> tuple[int, str, int]:
    """Run the command in a process of its own; return its code, output and peak MiB."""
    return peaks.run(
        [sys.executable, "-m", "nextloop.cli", *arguments, "--quiet"],
        {"NEXTLOOP_ORDERS__MAX_FILE_BYTES": str(BOUND)} | environment,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_check_stays_within_bounds(files, name):
    """The fault is told, and the process needs less than half a gigabyte."""
    code, said, peak = run("contract", "check", str(files / name), "--limit", "1")
    assert (code, FILES[name][1] in said) == (3, True)
    assert peak < 512


@pytest.mark.slow
def test_ingest_stays_within_bounds(files, tmp_path):
    """All of them in one landing: good rows get in, files are refused, memory is bounded."""
    code, said, peak = run(
        *("ingest", "--landing", str(files), "--lake", str(tmp_path / "lake")),
        NEXTLOOP_PRIVACY__GUEST_KEY=KEY,
    )
    assert code == 3
    assert "3 new files" in said
    assert "6 accepted" in said
    assert peak < 1024
    assert Path(tmp_path / "lake" / "orders").is_dir()
