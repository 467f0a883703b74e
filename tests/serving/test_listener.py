"""Taking a port or a unix socket: what is refused, with which advice, and what is cleaned up."""

from __future__ import annotations

import socket
import stat

import pytest

from nextloop.errors import SystemFault, UsageFault
from nextloop.serving import listener


def test_port_zero_takes_a_free_port():
    """The system chooses, and the URL names what it chose."""
    with listener.tcp("127.0.0.1", 0) as first, listener.tcp("127.0.0.1", 0) as second:
        assert listener.url_of(first) == f"http://127.0.0.1:{first.getsockname()[1]}"
        assert listener.url_of(first) != listener.url_of(second)


def test_taken_port_is_named_with_a_way_out():
    """One line says which port is taken and how to choose another."""
    with listener.tcp("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(SystemFault, match=f"port {port} .* is taken") as fault:
            listener.tcp("127.0.0.1", port)
    assert "--port" in fault.value.hint
    assert fault.value.exit_code == 4


def test_port_is_free_again_at_once():
    """A restart takes the port that its predecessor has just left."""
    with listener.tcp("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            first.accept()[0].close()
    listener.tcp("127.0.0.1", port).close()


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_address_of_another_machine_is_refused(host):
    """Listening is possible on addresses of this machine only."""
    with pytest.raises(SystemFault, match=host):
        listener.tcp(host, 0)


def test_unix_socket_is_private_and_goes_away(tmp_path):
    """Owner and group may connect; when the server ends nothing is left."""
    path = tmp_path / "live.sock"
    with listener.unix(path) as taken:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert listener.url_of(taken) == f"unix:{path}"
    assert not path.exists()


def test_socket_file_of_a_crash_is_replaced(tmp_path):
    """A file that nobody listens on does not keep the next server from starting."""
    path = tmp_path / "live.sock"
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(str(path))
    with listener.unix(path), socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(path))


def test_socket_in_use_is_refused_and_kept(tmp_path):
    """A second server on the same path is refused; the first goes on."""
    path = tmp_path / "live.sock"
    with listener.unix(path):
        with pytest.raises(SystemFault, match="another process"), listener.unix(path):
            pass
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(path))


def test_socket_that_a_successor_put_in_place_is_kept(tmp_path):
    """A server that ends late does not remove the socket of the one that took over its path."""
    path = tmp_path / "live.sock"
    with listener.unix(path):
        path.unlink()
        successor = socket.socket(socket.AF_UNIX)
        successor.bind(str(path))
    assert path.exists()
    successor.close()


def test_other_files_are_never_removed(tmp_path):
    """A path that holds a file is refused, and the file stays."""
    path = tmp_path / "orders.csv"
    path.write_text("keep")
    with pytest.raises(SystemFault, match="no socket"), listener.unix(path):
        pass
    assert path.read_text() == "keep"


def test_missing_folder_and_long_path_are_told(tmp_path):
    """Both reasons why a socket cannot be made are said in words."""
    with pytest.raises(SystemFault, match="No such file"), listener.unix(tmp_path / "x" / "s"):
        pass
    with pytest.raises(UsageFault, match="107 bytes"), listener.unix(tmp_path / ("x" * 108)):
        pass
