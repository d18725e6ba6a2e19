"""What goes around gunicorn's objects: the same as through them, or not around them at all."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

import pytest
from gunicorn.config import Config
from gunicorn.http import get_parser, wsgi

from app.web.ready_replies import glance, send_out
from app.web.representations import Answer, WholeReply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gunicorn.http.message import Request


PEER = ("127.0.0.1", 40000)
PLAIN = (
    "GET /videos?page=1&limit=10 HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /videos HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive\r\nAccept: */*\r\n\r\n",
    "HEAD /caf%C3%A9//x?q=%20 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n",
    'GET /videos? HTTP/1.1\r\nHost: a\r\nIf-None-Match: "1-a-identity"\r\n\r\n',
    "GET http://a/videos?x#y HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /videos HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a.b.c\r\n\r\n",
    "GET /videos HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: b\r\nX-Forwarded-Prefix: /c\r\n\r\n",
)
NOT_PLAIN = (
    "GET /videos HTTP/1.0\r\nHost: a\r\n\r\n",
    "GET /videos HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "GET /videos HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    "GET /videos HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    "GET /videos HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    'GET /videos HTTP/1.1\r\nHost: a\r\nIf-None-Match: "a"\r\nIf-None-Match: "b"\r\n\r\n',
    "GET /videos HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
    "GET /videos HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: b\r\nX-Forwarded-For: c\r\n\r\n",
)
HEADERS = [("Content-Type", "application/json"), ("ETag", '"1-a-identity"'), ("X-Cache", "hit")]


@pytest.mark.parametrize("sent", PLAIN)
def test_a_glance_sees_what_gunicorn_would_tell(sent: str) -> None:
    request = parsed(sent)
    with socket.socket() as unused:
        _, whole = wsgi.create(request, unused, PEER, ("127.0.0.1", 80), request.cfg)
    seen = glance(request)
    assert seen is not None
    assert seen == {name: whole[name] for name in seen}
    looked_at = {"HTTP_IF_NONE_MATCH", "HTTP_ACCEPT_ENCODING", "HTTP_AUTHORIZATION", "REMOTE_ADDR"}
    told_by_proxies = {"HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PREFIX"}
    asked = {*looked_at, *told_by_proxies, "CONTENT_LENGTH"} & whole.keys()
    assert asked <= seen.keys()


@pytest.mark.parametrize("sent", NOT_PLAIN)
def test_a_request_that_is_not_plain_is_left_to_gunicorn(sent: str) -> None:
    assert glance(parsed(sent)) is None


@pytest.mark.parametrize(
    "answer",
    [
        Answer("200 OK", [*HEADERS, ("Content-Length", "5")], [b"12345"]),
        Answer("304 NOT MODIFIED", HEADERS, []),
        WholeReply([*HEADERS, ("Content-Length", "5")], b"12345").plain.whole,
        WholeReply(HEADERS, b"12345").plain.unchanged,
    ],
)
def test_an_answer_goes_out_as_gunicorn_would_send_it(answer: Answer) -> None:
    for most_at_once in (0, 1, 100, 1000):
        connection = Connection(most_at_once)
        send_out(connection, answer, 20)
        assert without_date(bytes(connection.sent)) == without_date(sent_by_gunicorn(answer))
        assert connection.timeouts == ([] if most_at_once == 1000 else [20, None])


class Connection:
    """Takes no more than so many bytes at once, as one does whose client reads slowly."""

    def __init__(self, most_at_once: int) -> None:
        self._most = most_at_once
        self.sent = bytearray()
        self.timeouts: list[float | None] = []

    def sendmsg(self, buffers: Iterable[bytes], _ancillary: tuple[()], _flags: int, /) -> int:
        if not self._most:
            raise BlockingIOError
        taken = b"".join(buffers)[: self._most]
        self.sent += taken
        return len(taken)

    def settimeout(self, seconds: float | None, /) -> None:
        self.timeouts.append(seconds)

    def sendall(self, data: bytes | memoryview, /) -> None:
        self.sent += data


def parsed(sent: str) -> Request:
    configuration = Config()
    configuration.set("forwarder_headers", "")
    return next(get_parser(configuration, iter([sent.encode()]), PEER))


def sent_by_gunicorn(answer: Answer) -> bytes:
    request = parsed(PLAIN[0])
    ours, theirs = socket.socketpair()
    with ours, theirs:
        response, _ = wsgi.create(request, theirs, PEER, ("127.0.0.1", 80), request.cfg)
        response.start_response(answer.status, answer.headers)
        for chunk in answer.body:
            response.write(chunk)
        response.close()
        return ours.recv(100_000)


def without_date(reply: bytes) -> bytes:
    dateless, found = re.subn(rb"Date: [^\r]*GMT\r\n", b"Date\r\n", reply)
    assert found == 1
    return dateless
