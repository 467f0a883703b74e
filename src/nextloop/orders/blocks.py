"""A file's bytes as blocks of whole records, within bounded memory.

In: a binary stream, decompressed. Out: blocks that end where a record seems to end, each with its
first line's number. Where quotes do not balance, `records` decides what is a record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

BLOCK_BYTES: Final = 8 * 1024 * 1024
_EXCERPT_BYTES: Final = 2000


@dataclass(frozen=True)
class Block:
    """Consecutive lines of a file.

    Attributes:
        data: The lines' bytes; the last line may lack its end at the end of the file.
        first_line: Number of its first line, the header being 1.
        balanced: Whether it holds an even number of quotes.
        last: Whether the file ends with it.
        too_long: Whether it is the beginning of one line that is longer than a row may be.
    """

    data: bytes
    first_line: int
    balanced: bool
    last: bool
    too_long: bool = False


class BlockReader:
    """Cuts a stream into blocks; what the caller gives back comes again with what follows it."""

    def __init__(
        self, stream: BinaryIO, first_line: int, max_row_bytes: int, block_bytes: int = BLOCK_BYTES
    ) -> None:
        self._stream = stream
        self._line = first_line
        self._max_row_bytes = max_row_bytes
        self._block_bytes = block_bytes
        self._rest = b""

    def __iter__(self) -> Iterator[Block]:
        while True:
            fresh = self._stream.read(self._block_bytes)
            data, last = self._rest + fresh, not fresh
            if not data:
                return
            end, balanced = (len(data), _even(data)) if last else _record_end(data)
            if not end and len(data) > self._max_row_bytes:
                yield Block(data[:_EXCERPT_BYTES], self._line, True, False, too_long=True)  # noqa: FBT003
                self._rest = self._skip_line()
                self._line += 1
                continue
            self._rest = data[end:]
            if end:
                first_line, self._line = self._line, self._line + data.count(b"\n", 0, end)
                yield Block(data[:end], first_line, balanced, last)

    def give_back(self, unused: bytes) -> None:
        """Put the end of the last block back, to be read with what follows it."""
        self._rest = unused + self._rest
        self._line -= unused.count(b"\n")

    def _skip_line(self) -> bytes:
        while fresh := self._stream.read(self._block_bytes):
            if (end := fresh.find(b"\n")) >= 0:
                return fresh[end + 1 :]
        return b""


def _record_end(data: bytes) -> tuple[int, bool]:
    """Return where the last line ends at which quotes balance; else where the last line ends."""
    end = last_line = data.rfind(b"\n") + 1
    quotes = data.count(b'"', 0, end)
    while end and quotes % 2:
        before = data.rfind(b"\n", 0, end - 1) + 1
        quotes -= data.count(b'"', before, end)
        end = before
    return (end, True) if end else (last_line, False)


def _even(data: bytes) -> bool:
    return data.count(b'"') % 2 == 0
