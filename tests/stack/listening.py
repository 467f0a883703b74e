"""What a stack's processes are and listen on, as the kernel tells it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LISTENS = {"tcp": "0A", "udp": "07"}  # include/net/tcp_states.h
_LOOPBACK = re.compile(r"0100007F|0{24}01000000", re.IGNORECASE)


@dataclass(frozen=True)
class Socket:
    """One that waits for callers."""

    kind: str
    port: int
    loopback: bool
    program: str


def processes(folder: Path) -> Iterator[Path]:
    """Find the processes that a stack in a folder started, by what they were started with."""
    wanted = str(folder).encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                known = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
            except OSError:
                continue
            if any(wanted in text for text in known):
                yield entry


def listening(folder: Path) -> set[Socket]:
    """List what a stack's processes listen on; datagrams only on ports that were asked for."""
    found = set()
    for entry in processes(folder):
        held = set(_inodes(entry))
        for kind in ("tcp", "udp"):
            for table in (kind, f"{kind}6"):
                for line in (entry / "net" / table).read_text("ascii").splitlines()[1:]:
                    fields = line.split()
                    address, _, port = fields[1].rpartition(":")
                    if fields[3] == _LISTENS[kind] and fields[9] in held:
                        local = bool(_LOOPBACK.fullmatch(address))
                        program = (entry / "comm").read_text().strip()
                        found.add(Socket(kind, int(port, 16), local, program))
    return found


def _inodes(entry: Path) -> Iterator[str]:
    try:
        for file in (entry / "fd").iterdir():
            try:
                target = str(file.readlink())
            except OSError:
                continue
            if target.startswith("socket:["):
                yield target[8:-1]
    except OSError:
        return
