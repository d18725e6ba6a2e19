"""A TCP proxy whose ways a test spoils: refused, cut, slow, or open and silent."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from enum import Enum
from threading import Event, Lock, Thread

_CHUNK_BYTES = 65_536
_ACCEPT_SECONDS = 0.2
_DELAY_SECONDS = 0.25


class Way(Enum):
    """What happens to those who go through."""

    OPEN = "open"
    SLOW = "slow"
    """Each piece of data comes a quarter of a second late."""
    SILENT = "silent"
    """Connections are taken and stay; nothing goes through (half-open)."""
    REFUSED = "refused"
    """Nobody listens, and connections that were there are cut."""


class Proxy:
    """Listens on a loopback port of its own.

    Args:
        port: of the server behind it.
    """

    def __init__(self, port: int) -> None:
        self._target = "127.0.0.1", port
        self._way = Way.OPEN
        self._pass = Event()
        self._pass.set()
        self._closed = Event()
        self._connections: set[socket.socket] = set()
        self._lock = Lock()
        self._listening: socket.socket | None = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port: int = self._listening.getsockname()[1]
        self._thread = Thread(target=self._accept, daemon=True)
        self._thread.start()

    def set(self, way: Way) -> None:
        """Change the way of all connections, those there are included."""
        self._way = way
        if way is Way.SILENT:
            self._pass.clear()
        else:
            self._pass.set()
        if way is Way.REFUSED:
            self.cut()

    def cut(self) -> None:
        """End all connections there are; new ones are as the way has it."""
        with self._lock:
            connections, self._connections = self._connections, set()
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def close(self) -> None:
        """End everything."""
        self._closed.set()
        self._pass.set()
        self.cut()
        self._thread.join()

    def _accept(self) -> None:
        while not self._closed.is_set():
            listening = self._listens()
            if listening is None:
                time.sleep(_ACCEPT_SECONDS)
                continue
            try:
                client, _ = listening.accept()
            except TimeoutError:
                continue
            Thread(target=self._serve, args=(client,), daemon=True).start()
        if self._listening is not None:
            self._listening.close()

    def _listens(self) -> socket.socket | None:
        """Open or close the listening socket, as the way has it."""
        if self._way is Way.REFUSED:
            if self._listening is not None:
                self._listening.close()
                self._listening = None
            return None
        if self._listening is None:
            self._listening = socket.create_server(("127.0.0.1", self.port), backlog=200)
        self._listening.settimeout(_ACCEPT_SECONDS)
        return self._listening

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(None)
        self._pass.wait()
        try:
            server = socket.create_connection(self._target, timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        with self._lock:
            self._connections |= {client, server}
        for source, sink in ((client, server), (server, client)):
            Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK_BYTES):
                self._pass.wait()
                if self._way is Way.SLOW:
                    time.sleep(_DELAY_SECONDS)
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            with self._lock:
                self._connections.discard(each)
            each.close()
