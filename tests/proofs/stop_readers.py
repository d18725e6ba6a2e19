"""Readers that notice when a service that stops leaves a request without its answer.

Half of them connect for each request. The others keep their connection; a server may close one
that is idle at any time, so a kept connection that ends before a byte of an answer is no fault.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException, RemoteDisconnected
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

PATHS = ("/videos", "/videos?limit=50", "/videos?limit=5&page=3", "/watches", "/feed.atom")
_PAUSE_SECONDS = 0.01
_REFUSED_PAUSE_SECONDS = 0.05
_ANSWER_SECONDS = 30.0


class Readers:
    """Threads that read, from `with` on; `answers` and `faults` may be looked at meanwhile.

    Args:
        port: where the service listens on loopback, whenever it does.
        number: of readers.
    """

    def __init__(self, port: int, number: int = 8) -> None:
        self._port = port
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self.answers: Counter[int] = Counter()
        self.refused = 0
        self.faults: list[str] = []
        self._threads = [
            threading.Thread(target=self._read, args=(each % 2 == 0,)) for each in range(number)
        ]

    def __enter__(self) -> Readers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _read(self, keeps: bool) -> None:  # noqa: FBT001 - of a thread of ours
        connection: HTTPConnection | None = None
        for number in count():
            if self._stopped.is_set():
                break
            path = PATHS[number % len(PATHS)]
            is_kept = connection is not None
            try:
                connection = connection or self._connected()
            except OSError:
                self._note_refusal()
                continue
            if self._ask(connection, path, is_kept=is_kept) and keeps:
                time.sleep(_PAUSE_SECONDS)
                continue
            connection.close()
            connection = None
            time.sleep(_PAUSE_SECONDS)
        if connection is not None:
            connection.close()

    def _connected(self) -> HTTPConnection:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_ANSWER_SECONDS)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _ask(self, connection: HTTPConnection, path: str, *, is_kept: bool) -> bool:
        """Ask once; tell whether the connection may be asked again."""
        began = False
        try:
            connection.request("GET", path)
            with connection.getresponse() as answer:
                began = True
                answer.read()
                self._note(answer.status)
                return not answer.will_close
        except (OSError, HTTPException) as error:
            ended_idle = isinstance(error, RemoteDisconnected | ConnectionResetError | BrokenPipeError)
            if began or not (is_kept and ended_idle):
                self._note_fault(path, error, is_kept=is_kept, began=began)
            return False

    def _note(self, status: int) -> None:
        with self._lock:
            self.answers[status] += 1

    def _note_refusal(self) -> None:
        with self._lock:
            self.refused += 1
        time.sleep(_REFUSED_PAUSE_SECONDS)

    def _note_fault(self, path: str, error: Exception, *, is_kept: bool, began: bool) -> None:
        how = "kept" if is_kept else "fresh"
        when = "amid its answer" if began else "before its answer"
        with self._lock:
            self.faults.append(f"{path} on a {how} connection, {when}: {error!r}")
