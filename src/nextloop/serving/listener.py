"""Where the API listens: a TCP port or a unix socket, taken before anything else is done.

In comes an address, out goes a socket that already listens. Holding it from the start means that
"the port is free" cannot become untrue between the check and the use.
"""

from __future__ import annotations

import errno
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nextloop.errors import SystemFault, UsageFault

_BACKLOG = 2048  # uvicorn's own default
# Linux: sockaddr_un.sun_path holds 108 bytes with the closing NUL (man 7 unix).
_LONGEST_UNIX_PATH = 107
# The proxy in front runs as the same user or group; nobody else is to ask past it.
_UNIX_MODE = 0o660


def tcp(host: str, port: int) -> socket.socket:
    """Take a port.

    Args:
        host: Name or address of this machine; ``127.0.0.1`` keeps others out.
        port: 0 lets the system choose a free one.

    Returns:
        The listening socket.

    Raises:
        SystemFault: The port is taken or not allowed, or the address is not this machine's.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise _address_fault(host, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _port_fault(host, port, error) from error
    return listener


@contextmanager
def unix(path: Path) -> Iterator[socket.socket]:
    """Take a unix socket and remove its file afterwards; a file that a crash left is replaced.

    Args:
        path: The socket's file; its folder exists.

    Yields:
        The listening socket.

    Raises:
        UsageFault: The path is longer than the system allows.
        SystemFault: Another process listens there, something else lies there, or it cannot be
            made.
    """
    if len(str(path).encode()) > _LONGEST_UNIX_PATH:
        raise UsageFault(
            f"unix socket {path}: the path is longer than {_LONGEST_UNIX_PATH} bytes",
            "Put the socket into a folder with a shorter path, such as /run/nextloop.",
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        inode = _bind(listener, path)
        try:
            yield listener
        finally:
            if path.exists() and path.stat().st_ino == inode:
                path.unlink()


def url_of(listener: socket.socket) -> str:
    """Say how to reach a listener.

    Args:
        listener: What ``tcp`` or ``unix`` gave.

    Returns:
        A URL such as ``http://127.0.0.1:8000``, or ``unix:/path`` for a unix socket.
    """
    name = listener.getsockname()
    if listener.family == socket.AF_UNIX:
        return f"unix:{name}"
    host, port = name[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bind(listener: socket.socket, path: Path) -> int:
    """Put the socket's file in place; its inode tells it from one that another process puts."""
    try:
        _clear(path)
        listener.bind(str(path))
        path.chmod(_UNIX_MODE)
        listener.listen(_BACKLOG)
        return path.stat().st_ino
    except OSError as error:
        raise SystemFault(
            f"unix socket {path}: {error.strerror or error}",
            "Choose a path in a folder that exists and that you can write.",
        ) from error


def _clear(path: Path) -> None:
    """Remove a socket file that nobody answers on; anything else stays and is a fault."""
    if not path.exists():
        return
    if not stat.S_ISSOCK(path.stat().st_mode):
        raise SystemFault(
            f"unix socket {path}: a file that is no socket lies there", "Choose another path."
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise SystemFault(
        f"unix socket {path}: another process listens there",
        "Stop that process or choose another path.",
    )


def _address_fault(host: str, error: OSError) -> SystemFault:
    return SystemFault(
        f"address {host}: {error.strerror or error}",
        "Use 127.0.0.1 for this machine only, or 0.0.0.0 for everyone who can reach it.",
    )


def _port_fault(host: str, port: int, error: OSError) -> SystemFault:
    if error.errno == errno.EADDRINUSE:
        return SystemFault(
            f"port {port} on {host} is taken by another process",
            f"See which with: ss -ltnp 'sport = :{port}'; or choose another with --port.",
        )
    if error.errno == errno.EACCES:
        return SystemFault(
            f"port {port} on {host} is not allowed for this user",
            "Choose a port above 1023 with --port.",
        )
    return _address_fault(host, error)
