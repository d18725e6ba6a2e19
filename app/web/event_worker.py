"""gunicorn's worker for the web: an event loop over real threads.

The loop parses requests and answers from memory what is ready; whatever may wait for a database or
Redis runs in a thread. Nothing is monkey-patched, so drivers behave as everywhere else, and a
database that hangs keeps nobody from the first pages (ADR 0008).
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from io import BytesIO
from typing import TYPE_CHECKING, Protocol, cast

import gevent
from gevent import socket
from gevent.threadpool import ThreadPool
from gunicorn.workers.ggevent import GeventWorker

from app.web.errors import MAX_BODY_BYTES
from app.web.overload import overloaded
from app.web.ready_replies import glance, send_out

if TYPE_CHECKING:
    import socket as stdlib
    from collections.abc import Iterable, Iterator
    from types import FrameType
    from wsgiref.types import StartResponse, WSGIEnvironment

    from flask import Flask
    from greenlet import greenlet
    from gunicorn.http.message import Request

    from app.web.representations import Answer, Headers

WAITING_PER_THREAD = 8
"""More requests than that wait too long to be worth it: they are shed with 503."""

BODY_SECONDS = 10
_SHORT_LANE_THREADS = 2
_MOMENT = 0.01


class ReadyLayer(Protocol):
    """The part of an application that needs no thread."""

    def ready(self, environ: WSGIEnvironment) -> Answer | None:
        """Return the answer if it is ready; waits for nothing."""

    def is_first_page(self, environ: WSGIEnvironment) -> bool:
        """Tell whether the answer was ready before, and has only to be brought up to date."""

    def ask(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer what is not ready."""


class Lane:
    """Threads, and no more requests for them than may wait.

    Args:
        threads: how many requests are worked on at a time.
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPool(threads)
        self._most = threads * (1 + WAITING_PER_THREAD)
        self._inside = 0

    def ask(self, layer: ReadyLayer, environ: WSGIEnvironment) -> Answer:
        """Let a thread answer; called in a greenlet of the loop."""
        _take_in_body(environ)  # those who send slowly take no place
        if self._inside >= self._most:
            return overloaded()
        self._inside += 1
        try:
            return self._pool.apply(_asked, (layer, environ))
        finally:
            self._inside -= 1


class Offloaded:
    """A WSGI application for the loop: asks the layer itself, and the rest in threads.

    First pages have a lane of their own: to bring one up to date takes the cache alone, and must
    not wait behind those who wait for the database.

    Args:
        layer: the application.
        threads: for requests that take long.
    """

    def __init__(self, layer: ReadyLayer, threads: int) -> None:
        self._layer = layer
        self._short, self._long = Lane(_SHORT_LANE_THREADS), Lane(threads)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; called in a greenlet of the loop."""
        answer = self._layer.ready(environ)
        if answer is None:
            lane = self._short if self._layer.is_first_page(environ) else self._long
            answer = lane.ask(self._layer, environ)
        status, headers, body = answer
        start_response(status, headers)
        return body


class _HangUpError(Exception):
    """Ends the wait of an idle connection."""


class EventWorker(GeventWorker):
    """Serves an application whose `wsgi_app` is a ReadyLayer."""

    def patch(self) -> None:
        """Make the listening sockets the loop's; leave the standard library alone."""
        self._idle: set[greenlet] = set()
        self.sockets = [_of_the_loop(listening) for listening in self.sockets]

    def load_wsgi(self) -> None:
        """Build the application, and put threads below it."""
        super().load_wsgi()
        self._layer = cast("ReadyLayer", cast("Flask", self.wsgi).wsgi_app)
        self.wsgi = Offloaded(self._layer, self.cfg.threads)  # type: ignore[assignment] # the stub's environ is not WSGI's

    @contextmanager
    def timeout_ctx(self) -> Iterator[None]:  # type: ignore[override] # the stub's returns nothing
        """Wait for a connection's next request, for as long as it may be idle."""
        connection = gevent.getcurrent()
        seconds = self.cfg.keepalive if self.alive else _MOMENT
        self._idle.add(connection)
        try:
            with suppress(_HangUpError), _at_most(seconds):
                yield
        finally:
            self._idle.discard(connection)

    def handle_request(
        self, listener_name: object, req: Request, sock: socket.socket, addr: object
    ) -> bool:
        """Answer at once what is ready; the rest goes gunicorn's way."""
        answer = self._glance_answer(req)
        if answer is None:
            return super().handle_request(listener_name, req, sock, addr)  # type: ignore[arg-type] # as given
        self.nr += 1
        send_out(sock, answer)
        return True

    def _glance_answer(self, req: Request) -> Answer | None:
        # What ends a connection, is encrypted or is written to a log, gunicorn does itself.
        last = not self.alive or self.nr + 1 >= self.max_requests
        if last or self.cfg.is_ssl or self.cfg.accesslog:
            return None
        environ = glance(req)
        return None if environ is None else self._layer.ready(environ)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain: answer what is being worked on, and let idle connections go at once."""
        super().handle_exit(sig, frame)
        gevent.spawn(self._hang_up)

    def _hang_up(self) -> None:
        for connection in list(self._idle):
            gevent.kill(connection, _HangUpError)


def _of_the_loop(listening: socket.socket) -> socket.socket:
    """Return gunicorn's wrapper of a socket as a socket of the loop."""
    own: stdlib.socket = listening.sock  # type: ignore[attr-defined] # the stub takes it unwrapped
    return socket.socket(own.family, own.type, fileno=own.detach())


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """End what is waited for inside once so many seconds have passed."""
    timeout = gevent.Timeout(seconds)
    try:
        with timeout:
            yield
    except gevent.Timeout as passed:
        if passed is not timeout:
            raise


def _asked(layer: ReadyLayer, environ: WSGIEnvironment) -> Answer:
    """Answer whole, in a thread; nothing of it is left to the loop."""
    told: list[tuple[str, Headers]] = []

    def start_response(status: str, headers: Headers, _exc_info: object = None, /) -> object:
        told.append((status, headers))
        return None

    chunks = layer.ask(environ, start_response)  # type: ignore[arg-type] # nobody writes by it
    try:
        body = list(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    return *told[-1], body


def _take_in_body(environ: WSGIEnvironment) -> None:
    """Read the body, of which no more is ever looked at, while the loop can still wait for it."""
    if "HTTP_TRANSFER_ENCODING" not in environ and not environ.get("CONTENT_LENGTH"):
        return
    body = b""
    with _at_most(BODY_SECONDS):
        body = environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
    environ["wsgi.input"] = BytesIO(body)
