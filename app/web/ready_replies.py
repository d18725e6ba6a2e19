"""Requests whose answer is ready, without gunicorn's WSGI environ and response objects.

What they cost is more than the page itself. A request that is anything but plain is not looked at
here: gunicorn handles it.
"""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache
from socket import MSG_DONTWAIT
from typing import TYPE_CHECKING, Protocol

from gunicorn.util import unquote_to_wsgi_str

from app.web.representations import as_sent

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import WSGIEnvironment

    from gunicorn.http.message import Request

    from app.web.representations import Answer

_HTTP = (1, 1)
_LOOKED_AT = {
    "HOST": "HTTP_HOST",
    "IF-NONE-MATCH": "HTTP_IF_NONE_MATCH",
    "ACCEPT-ENCODING": "HTTP_ACCEPT_ENCODING",
    "AUTHORIZATION": "HTTP_AUTHORIZATION",
    "X-FORWARDED-FOR": "HTTP_X_FORWARDED_FOR",
    "X-FORWARDED-PREFIX": "HTTP_X_FORWARDED_PREFIX",
}
_NOT_PLAIN = frozenset({"CONTENT-LENGTH", "TRANSFER-ENCODING", "EXPECT", "UPGRADE", "CONNECTION"})
_STAYS = "keep-alive"


class Socket(Protocol):
    """A connection, of the loop or of the standard library."""

    def sendmsg(self, buffers: Iterable[bytes], ancillary: tuple[()], flags: int, /) -> int:
        """Send what fits now, and say how much that is."""

    def settimeout(self, seconds: float | None, /) -> object:
        """Raise TimeoutError when something takes longer from now on."""

    def sendall(self, data: bytes | memoryview, /) -> object:
        """Send everything."""


def glance(request: Request) -> WSGIEnvironment | None:
    """Return the part of a plain request's environ that a ready answer depends on.

    It has no SCRIPT_NAME: below one, gunicorn handles all requests. None if the request is not
    plain: it has a body, does not keep the connection, or repeats a header that is looked at.
    """
    if request.version != _HTTP or request.path is None:
        return None
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote_to_wsgi_str(request.path),
        "QUERY_STRING": request.query or "",
        "REMOTE_ADDR": _host_of(request.remote_addr),
    }
    for name, value in request.headers:
        key = _LOOKED_AT.get(name)
        if key is not None:
            if key in environ:
                return None
            environ[key] = value
        elif name in _NOT_PLAIN and not (name == "CONNECTION" and value.lower() == _STAYS):
            return None
    return environ


def _host_of(peer: object) -> str:
    """Return the address of a peer; of one at a Unix socket there is none."""
    return str(peer[0]) if isinstance(peer, tuple) else ""


def send_out(sock: Socket, answer: Answer, seconds: float) -> None:
    """Send an answer on a connection that is kept: in one call, and without copying its body.

    Args:
        sock: the connection.
        answer: what to send.
        seconds: what the client has to take it, should it not fit the buffers at once.

    Raises:
        TimeoutError: the client has not taken it.
    """
    block = answer.block or as_sent(answer.headers)
    head = b"%b%b\r\n" % (_lines(answer.status, int(time.time()), _STAYS), block)
    body = b"".join(answer.body)
    try:
        sent = sock.sendmsg([head, body], (), MSG_DONTWAIT)
    except BlockingIOError:
        sent = 0
    if sent < len(head) + len(body):
        _send_rest(sock, memoryview(head + body)[sent:], seconds)


def send_last(sock: Socket, answer: Answer) -> None:
    """Send an answer after which nothing more is answered on its connection.

    Raises:
        OSError: the client is gone.
    """
    head = _lines(answer.status, int(time.time()), "close") + as_sent(answer.headers)
    sock.sendall(b"%b\r\n%b" % (head, b"".join(answer.body)))


def _send_rest(sock: Socket, rest: memoryview, seconds: float) -> None:
    sock.settimeout(seconds)
    try:
        sock.sendall(rest)
    finally:
        sock.settimeout(None)


@lru_cache(maxsize=4)
def _lines(status: str, second: int, connection: str) -> bytes:
    """Return the status line, and the headers that are the server's own."""
    date = formatdate(second, usegmt=True)
    lines = f"HTTP/1.1 {status}", "Server: gunicorn", f"Date: {date}", f"Connection: {connection}"
    return "\r\n".join([*lines, ""]).encode("latin-1")
