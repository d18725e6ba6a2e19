"""gunicorn's worker for the web: an event loop over real threads.

The loop parses requests and answers from memory what is ready; whatever may wait for a database or
Redis runs in a thread (lanes.py). Nothing is monkey-patched, so drivers behave as everywhere else,
and a database that hangs keeps nobody from the first pages (ADR 0008).
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from select import POLLIN, poll
from typing import TYPE_CHECKING, ClassVar, cast

import gevent
from gevent import socket
from gevent.server import StreamServer
from gunicorn.workers.ggevent import GeventWorker

from app.web import door
from app.web.lanes import ALREADY_ASKED, Offloaded
from app.web.metering import processes_of
from app.web.ready_replies import glance, send_last, send_out
from app.web.refusals import refusal

if TYPE_CHECKING:
    import socket as stdlib
    from collections.abc import Iterator
    from types import FrameType
    from wsgiref.types import WSGIEnvironment

    from flask import Flask
    from gevent.pool import Pool
    from greenlet import greenlet
    from gunicorn.http.message import Request

    from app.web.lanes import ReadyLayer
    from app.web.representations import Answer

_MOMENT = 0.01
_FIRST_SECONDS = 1.0
_LAST_CALL_SECONDS = 0.5
_LAST_WORD_SECONDS = 1.0
_LAST_ACCEPTED = 2048
"""As many as may wait to be accepted, unless gunicorn's backlog is set higher."""

_CHUNK_BYTES = 8192


class _HangUpError(Exception):
    """Ends the wait of an idle connection."""


class _Server(StreamServer):
    """Takes in who waits already before it closes: closing alone would reset them."""

    is_stopped = False
    """Whether it ends because it was asked to, as all that listen there are, but for a reload."""

    def close(self) -> None:
        """Stop listening, when nobody waits any more or new ones come without end."""
        if not self.closed:
            self.stop_accepting()
            if self.is_stopped:
                door.hold_off(self.socket)
                gevent.sleep(door.HANDSHAKE_SECONDS)
            for _ in range(_LAST_ACCEPTED):
                if self.full() or (client := door.accept_or_close(self.socket)) is None:
                    break
                with suppress(OSError):  # it is gone
                    self.do_handle(client, client.getpeername())
                gevent.sleep(0)  # it looks at the listening socket as it begins
        super().close()


class EventWorker(GeventWorker):
    """Serves an application whose `wsgi_app` is a ReadyLayer."""

    send_seconds: ClassVar[float] = 20
    """A client that takes longer to take its answer is given up."""

    def patch(self) -> None:
        """Make the listening sockets the loop's; leave the standard library alone."""
        self._served: set[greenlet] = set()
        self._fresh: set[greenlet] = set()  # waiting for the first request of a connection
        self._idle: set[greenlet] = set()  # waiting for another one
        self._clients: dict[greenlet, socket.socket] = {}
        self._leaving = False
        self._servers: list[_Server] = []
        self.sockets = [_of_the_loop(listening) for listening in self.sockets]

    def server_class(self, listening: socket.socket, *, spawn: Pool, **options: object) -> _Server:  # type: ignore[override] # gunicorn calls it as it calls a class
        """Make the server of a listening socket."""
        handle, context = partial(self.handle, listening), options.get("ssl_context")
        tls = {} if context is None else {"ssl_context": context}
        server: _Server = _Server(listening, handle=handle, spawn=spawn, **tls)  # type: ignore[call-overload] # of either kind
        if self.cfg.workers > 1:
            server.max_accept = 1  # the others take their share
        self._servers.append(server)
        return server

    def load_wsgi(self) -> None:
        """Build the application, and put threads below it."""
        super().load_wsgi()
        self._layer = cast("ReadyLayer", cast("Flask", self.wsgi).wsgi_app)
        processes = processes_of(self.wsgi)
        self.wsgi = Offloaded(self._layer, self.cfg.threads, processes)  # type: ignore[assignment] # the stub's environ is not WSGI's

    def handle(self, listener: socket.socket, client: socket.socket, addr: object) -> None:
        """Serve a connection, in a greenlet of its own."""
        connection = gevent.getcurrent()
        self._clients[connection] = client
        try:
            super().handle(listener, client, addr)  # type: ignore[arg-type] # as given
        finally:
            self._served.discard(connection)
            del self._clients[connection]

    @contextmanager
    def timeout_ctx(self) -> Iterator[None]:  # type: ignore[override] # the stub's returns nothing
        """Wait for a connection's next request, for as long as it may be idle."""
        connection = gevent.getcurrent()
        if connection in self._served:
            waiting, last_call = self._idle, _MOMENT
        else:
            waiting, last_call = self._fresh, _FIRST_SECONDS
            self._served.add(connection)
        waiting.add(connection)
        seconds = self.cfg.keepalive if self.alive else last_call
        # It looks first, and once more a moment later if something has come in.
        ending = gevent.get_hub().loop.timer(seconds, _MOMENT)
        ending.start(self._end_wait, waiting, connection)
        try:
            yield
        except _HangUpError:
            pass
        finally:
            ending.close()
            waiting.discard(connection)

    def handle_request(
        self, listener_name: object, req: Request, sock: socket.socket, addr: object
    ) -> bool:
        """Answer at once what is ready; the rest goes gunicorn's way."""
        if req.unreader.buf.tell():  # more requests are in: let the others have their turn
            gevent.sleep(0)
        environ = self._glance(req)
        answer = None if environ is None else self._layer.ready(environ)
        try:
            if answer is not None:
                self.nr += 1
                send_out(sock, answer, self.send_seconds)
                return True
            ALREADY_ASKED.set(environ is not None)
            return self._handle_wholly(listener_name, req, sock, addr)
        except TimeoutError:
            raise StopIteration from None  # gunicorn's sign to close the connection

    def _glance(self, req: Request) -> WSGIEnvironment | None:
        # What ends a connection, is encrypted or is written to a log, gunicorn does itself.
        last = not self.alive or self.nr + 1 >= self.max_requests
        return None if last or self.cfg.is_ssl or self.cfg.accesslog else glance(req)

    def _handle_wholly(
        self, listener_name: object, req: Request, sock: socket.socket, addr: object
    ) -> bool:
        sock.settimeout(self.send_seconds)
        try:
            return super().handle_request(listener_name, req, sock, addr)  # type: ignore[arg-type] # as given
        finally:
            sock.settimeout(None)
            if not self.alive:  # that was the last request of this worker
                self._leave()

    def handle_error(
        self, req: Request | None, client: socket.socket, addr: object, exc: BaseException
    ) -> None:
        """Refuse what cannot be read in the format of every other error; the connection ends."""
        del req, addr
        answer = refusal(exc)
        with suppress(OSError):
            gevent.with_timeout(_LAST_WORD_SECONDS, _say_last, client, answer, timeout_value=None)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain: answer what is being worked on and who waits, and let idle connections go."""
        for server in self._servers:
            server.is_stopped = True
        super().handle_exit(sig, frame)
        self._leave()

    def _leave(self) -> None:
        if not self._leaving:
            self._leaving = True
            gevent.spawn(self._hang_up)

    def _hang_up(self) -> None:
        fresh = set(self._fresh)  # who comes later has a second of their own
        gevent.sleep(_LAST_CALL_SECONDS)  # who is about to ask is answered, and told to go
        self._end(self._idle, set(self._idle))
        gevent.sleep(_FIRST_SECONDS - _LAST_CALL_SECONDS)  # who has just connected is surely
        self._end(self._fresh, fresh)

    def _end(self, waiting: set[greenlet], connections: set[greenlet]) -> None:
        """End the waits of those of them who still wait then and have not asked."""
        for connection in connections:
            gevent.get_hub().loop.run_callback(self._end_wait, waiting, connection)

    def _end_wait(self, waiting: set[greenlet], connection: greenlet) -> None:
        # In the hub: no request can begin between the look and the end.
        if connection in waiting and not _has_asked(self._clients[connection]):
            connection.throw(_HangUpError)


def _say_last(client: socket.socket, answer: Answer) -> None:
    """Send an answer and read away what the client still sends.

    To close a connection before that resets it, and the answer would be lost.
    """
    send_last(client, answer)
    client.shutdown(socket.SHUT_WR)
    while client.recv(_CHUNK_BYTES):
        pass


def _has_asked(client: socket.socket) -> bool:
    """Tell whether something of a request has come in that nobody has read."""
    if client.fileno() < 0:
        return False
    looking = poll()
    looking.register(client, POLLIN)
    return bool(looking.poll(0))


def _of_the_loop(listening: socket.socket) -> socket.socket:
    """Return gunicorn's wrapper of a socket as a socket of the loop."""
    own: stdlib.socket = listening.sock  # type: ignore[attr-defined] # the stub takes it unwrapped
    return socket.socket(own.family, own.type, fileno=own.detach())
