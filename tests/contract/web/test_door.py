"""How a listening socket ends, for users with and without rights."""

import os
import select
import socket
import sys
from collections.abc import Iterator
from contextlib import closing

import gevent.socket
import pytest

from app.web.door import accept_or_close, hold_off


@pytest.fixture(params=["127.0.0.1", "::1", "::"])
def listening(request: pytest.FixtureRequest) -> Iterator[gevent.socket.socket]:
    host: str = request.param
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with gevent.socket.socket(family) as opened:
        opened.bind((host, 0))
        opened.listen(5)
        yield opened


def _connected(port: int, host: str, seconds: float = 15) -> socket.socket:
    return socket.create_connection((host, port), timeout=seconds)


def _address(listening: gevent.socket.socket) -> tuple[int, str]:
    host, port = listening.getsockname()[:2]
    return port, "127.0.0.1" if host == "::" else host


def test_all_who_wait_are_accepted_before_it_closes(listening: gevent.socket.socket) -> None:
    address = _address(listening)
    with closing(_connected(*address)) as first, closing(_connected(*address)) as second:
        for client, answer in ((first, b"1"), (second, b"2")):
            accepted = accept_or_close(listening)
            assert accepted is not None
            with closing(accepted):
                assert accepted.getpeername()[1] == client.getsockname()[1]
                assert not accepted.get_inheritable()
                accepted.sendall(answer)
        assert accept_or_close(listening) is None
        assert listening.fileno() == -1
        assert (first.recv(10), second.recv(10)) == (b"1", b"2")
    with pytest.raises(ConnectionRefusedError):
        _connected(*address)


def test_who_has_connected_is_served_while_others_are_held_off(
    listening: gevent.socket.socket,
) -> None:
    address = _address(listening)
    with closing(_connected(*address)) as client:
        hold_off(listening)
        if sys.platform == "linux":
            with pytest.raises(TimeoutError):
                _connected(*address, 0.2)
        accepted = accept_or_close(listening)
        assert accepted is not None
        client.sendall(b"ask")
        with closing(accepted):
            assert accepted.recv(10) == b"ask"
            accepted.sendall(b"answer")
        assert client.recv(10) == b"answer"


def test_who_is_amid_a_handshake_when_others_are_held_off_is_served(
    listening: gevent.socket.socket,
) -> None:
    waits_for_a_word = getattr(socket, "TCP_DEFER_ACCEPT", None)
    if waits_for_a_word is not None:
        listening.setsockopt(socket.IPPROTO_TCP, waits_for_a_word, 10)
    with closing(_connected(*_address(listening))) as client:
        hold_off(listening)
        client.sendall(b"ask")
        assert select.select([listening], [], [], 15)[0], "the handshake ends"
        accepted = accept_or_close(listening)
        assert accepted is not None
        with closing(accepted):
            client.sendall(b" more")
            assert accepted.recv(3) + accepted.recv(5) == b"ask more"


def test_another_process_that_has_the_socket_goes_on(listening: gevent.socket.socket) -> None:
    address = _address(listening)
    with socket.socket(fileno=os.dup(listening.fileno())) as others:
        hold_off(listening)
        assert accept_or_close(listening) is None
        with closing(_connected(*address)) as client:
            accepted, _ = others.accept()
            with closing(accepted):
                client.sendall(b"ask")
                assert accepted.recv(10) == b"ask"
