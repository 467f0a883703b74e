"""Callers' events on their way to disk: acknowledged when they are there, many with one sync.

In come events as lines, out go files that `nextloop events ship` takes to the landing. One thread
writes for the process: what has come while it synchronised the last lines is written and
synchronised together (group commit).
"""

from __future__ import annotations

import asyncio
import queue
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nextloop.storage.spool_files import SpoolFile
from nextloop.telemetry import logs

# What waits beyond this comes faster than the disk takes it: callers are told to come again.
MAX_WAITING: Final = 2_000
_LOOK_SECONDS: Final = 1.0

_log = logs.get("serving")


class SpoolFault(Exception):
    """The events may not be on disk: it is full, broken or too slow."""


@dataclass(eq=False, slots=True)
class _Batch:
    lines: bytes
    done: asyncio.Future[None]
    loop: asyncio.AbstractEventLoop

    def tell(self, fault: SpoolFault | None) -> None:
        """Wake who waits; a caller who has gone, and a loop that has ended, need nothing."""
        try:
            self.loop.call_soon_threadsafe(self._settle, fault)
        except RuntimeError:
            return

    def _settle(self, fault: SpoolFault | None) -> None:
        if self.done.done():
            return
        if fault is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(fault)


class Spool:
    """A folder that takes events.

    Args:
        folder: Made when the first event comes.
        file_bytes: Size at which a file is closed.
        file_seconds: Age at which a file is closed.
    """

    def __init__(
        self, folder: Path, file_bytes: int = 16 * 1024**2, file_seconds: float = 300
    ) -> None:
        self.folder, self.file_bytes, self.file_seconds = folder, file_bytes, file_seconds
        self._waiting: queue.Queue[_Batch | None] = queue.Queue(MAX_WAITING)
        self._file: SpoolFile | None = None
        self._thread: threading.Thread | None = None

    async def add(self, lines: bytes) -> None:
        """Keep lines.

        Args:
            lines: Whole lines, each with its newline.

        Raises:
            SpoolFault: They may not be on disk.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="spool-events", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        batch = _Batch(lines, loop.create_future(), loop)
        try:
            self._waiting.put_nowait(batch)
        except queue.Full:
            raise SpoolFault from None
        await batch.done

    def close(self) -> None:
        """Write what waits, close the file and let the thread end."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            batches, goes_on = self._next()
            if batches:
                self._keep(batches)
            try:
                self._rotate(at_once=not goes_on)
            except OSError as error:
                self._broken(error)

    def _next(self) -> tuple[list[_Batch], bool]:
        """Wait a while for a batch and take all that wait with it; False with the last ones."""
        found: list[_Batch] = []
        try:
            one = self._waiting.get(timeout=_LOOK_SECONDS)
            while one is not None:
                found.append(one)
                one = self._waiting.get_nowait()
        except queue.Empty:
            return found, True
        return found, False

    def _keep(self, batches: list[_Batch]) -> None:
        fault = None
        try:
            self._file = self._file or SpoolFile.create(self.folder)
            self._file.append(b"".join(batch.lines for batch in batches))
        except OSError as error:
            self._broken(error)
            fault = SpoolFault()
        for batch in batches:
            batch.tell(fault)

    def _rotate(self, at_once: bool) -> None:
        file = self._file
        if file and (at_once or file.age >= self.file_seconds or file.size >= self.file_bytes):
            self._file = None
            file.close()

    def _broken(self, error: OSError) -> None:
        _log.error("events not kept", error=type(error).__name__, number=error.errno)
        # After a failed write or sync nobody knows what the file holds: the next ones get another.
        if self._file is not None:
            self._file.abandon()
            self._file = None
