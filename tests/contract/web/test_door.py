"""How a listening socket ends, on Linux; a user whom it refuses filters holds nobody off."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing

import gevent.socket
import pytest

from app.web import door


@pytest.fixture
def listening() -> Iterator[gevent.socket.socket]:
    with gevent.socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        opened.listen(5)
        yield opened


def _connected(port: int, seconds: float = 15) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=seconds)


def test_who_has_connected_is_served_while_others_are_held_off(
    listening: gevent.socket.socket,
) -> None:
    port = listening.getsockname()[1]
    with closing(_connected(port)) as client:
        if door.hold_off(listening):
            with pytest.raises(TimeoutError):
                _connected(port, 0.2)
        served, _ = listening.accept()
        client.sendall(b"ask")
        with closing(served):
            assert served.recv(10) == b"ask"
            served.sendall(b"answer")
        door.close(listening)
        assert client.recv(10) == b"answer"
    with pytest.raises(ConnectionRefusedError):
        _connected(port)


def test_another_process_that_has_the_socket_goes_on(listening: gevent.socket.socket) -> None:
    port = listening.getsockname()[1]
    with socket.socket(fileno=os.dup(listening.fileno())) as others:
        door.hold_off(listening)
        door.close(listening)
        with closing(_connected(port)):
            others.accept()[0].close()


def test_processes_that_end_together_close_one_socket_each(
    listening: gevent.socket.socket,
) -> None:
    with gevent.socket.socket(fileno=os.dup(listening.fileno())) as others:
        door.hold_off(listening)
        door.hold_off(others)
        door.close(listening)
        door.close(others)
        assert (listening.fileno(), others.fileno()) == (-1, -1)
