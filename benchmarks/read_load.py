"""The client of the reading benchmark: raw sockets that are kept alive, in a process of its own.

It reads whole replies and counts them; what it costs itself is nobody's.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from itertools import cycle
from selectors import EVENT_READ, DefaultSelector
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"
CONNECTIONS = 8
_MOST_AT_ONCE = 1 << 18


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of one server.

    Args:
        port: on loopback.
        requests: whole, as they are sent; taken in turn, again and again.
        count: of requests in all.
        statuses: which replies are right.
        length: of every body; None if they differ.
        connections: each sends its next request when it has its reply.
    """

    port: int
    requests: tuple[bytes, ...]
    count: int
    statuses: frozenset[int] = frozenset({200})
    length: int | None = None
    connections: int = CONNECTIONS


@dataclass(frozen=True, slots=True)
class Served:
    """How long it took in all, and each request, in seconds."""

    wall: float
    latencies: list[float]


class WrongReplyError(Exception):
    """A server answered something else than it should."""


def get_request(path: str, **headers: str) -> bytes:
    """Write a GET request as browsers' libraries do, without asking for compression."""
    told = {"Host": HOST, "Accept": "application/json", "User-Agent": "benchmark", **headers}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def drive(load: Load) -> Served:
    """Send the requests and return when every reply has been read.

    Raises:
        WrongReplyError: a reply of another status or length.
    """
    left = iter(zip(range(load.count), cycle(load.requests), strict=False))
    latencies: list[float] = []
    began = time.perf_counter()
    with DefaultSelector() as selector:
        for _ in range(min(load.connections, load.count)):
            connection = _Connection(load)
            selector.register(connection.socket, EVENT_READ, connection)
            connection.send(next(left)[1])
        while selector.get_map():
            _read_ready(selector, left, latencies)
    return Served(time.perf_counter() - began, latencies)


def _read_ready(
    selector: DefaultSelector, left: Iterator[tuple[int, bytes]], latencies: list[float]
) -> None:
    for key, _events in selector.select():
        connection: _Connection = key.data
        if not connection.read():
            continue
        latencies.append(time.perf_counter() - connection.sent_at)
        following = next(left, None)
        if connection.is_over or following is None:
            selector.unregister(connection.socket)
            connection.socket.close()
        if following is not None:
            if connection.is_over:
                connection.open()
                selector.register(connection.socket, EVENT_READ, connection)
            connection.send(following[1])


class _Connection:
    """One request at a time; opened anew where the server does not keep it."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._head = b""
        self._left: int | None = None
        self.sent_at = 0.0
        self.open()

    def open(self) -> None:
        """Connect."""
        self.socket = socket.create_connection((HOST, self._load.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.is_over = False

    def send(self, request: bytes) -> None:
        """Send a request that fits the socket's buffer."""
        self._head, self._left = b"", None
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> bool:
        """Read what has come; tell whether the reply is whole."""
        data = self.socket.recv(_MOST_AT_ONCE)
        if not data:
            raise WrongReplyError("the server closed the connection")
        if self._left is None:
            self._head += data
            head, found, body = self._head.partition(b"\r\n\r\n")
            if not found:
                return False
            self._left = self._length(head.lower()) - len(body)
        else:
            self._left -= len(data)
        return self._left == 0

    def _length(self, head: bytes) -> int:
        status = int(head[9:12])
        told = head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
        length = int(told) if told else 0
        if status not in self._load.statuses or self._load.length not in (None, length):
            raise WrongReplyError(f"{status} with {length} bytes")
        self.is_over = b"\r\nconnection: close" in head
        return length
