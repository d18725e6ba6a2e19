"""How a listening socket ends."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing

import gevent.socket
import pytest

from app.web.door import accept_or_close


@pytest.fixture
def listening() -> Iterator[gevent.socket.socket]:
    with gevent.socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        opened.listen(5)
        yield opened


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=15)


def test_all_who_wait_are_accepted_before_it_closes(listening: gevent.socket.socket) -> None:
    port = listening.getsockname()[1]
    with closing(_connected(port)) as first, closing(_connected(port)) as second:
        for client, answer in ((first, b"1"), (second, b"2")):
            accepted = accept_or_close(listening)
            assert accepted is not None
            with closing(accepted):
                assert accepted.getpeername() == client.getsockname()
                assert not accepted.get_inheritable()
                accepted.sendall(answer)
        assert accept_or_close(listening) is None
        assert listening.fileno() == -1
        assert (first.recv(10), second.recv(10)) == (b"1", b"2")
    with pytest.raises(ConnectionRefusedError):
        _connected(port)


def test_another_process_that_has_the_socket_goes_on(listening: gevent.socket.socket) -> None:
    port = listening.getsockname()[1]
    with socket.socket(fileno=os.dup(listening.fileno())) as others:
        assert accept_or_close(listening) is None
        with closing(_connected(port)):
            others.accept()[0].close()
