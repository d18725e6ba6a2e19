"""A TCP line on loopback that can be held, as a network does that loses every packet."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Event, Lock, Thread

_MOST_AT_ONCE = 65_536
_LOOK_SECONDS = 0.5


class Line:
    """Leads from a port of its own to a server's; close it in the end.

    While it is held, connections are taken, what was sent is kept back, and nothing arrives.
    """

    def __init__(self, port: int) -> None:
        self._far = port
        self._flows = Event()
        self._flows.set()
        self._is_closed = False
        self._lock = Lock()
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_LOOK_SECONDS)
        self.port: int = self._listener.getsockname()[1]
        self._accepting = Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def hold(self) -> None:
        """Let nothing through."""
        self._flows.clear()

    def release(self) -> None:
        """Let through what was kept back, and all that comes."""
        self._flows.set()

    def close(self) -> None:
        """End the line and every connection over it."""
        self._is_closed = True
        self._accepting.join()
        self._listener.close()
        self._flows.set()
        with self._lock:
            for end in self._ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _accept(self) -> None:
        while not self._is_closed:
            with suppress(TimeoutError):
                near, _ = self._listener.accept()
                Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        self._flows.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self._far))
        except OSError:
            near.close()
            return
        with self._lock:
            self._ends += [near, far]
        Thread(target=self._pass_on, args=(far, near), daemon=True).start()
        self._pass_on(near, far)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_MOST_AT_ONCE):
                self._flows.wait()
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
