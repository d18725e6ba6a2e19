"""What a client gets of one whole reply: gzipped or not, 304 or 200, with its body or (HEAD) not.

Pure: a reply in, what to send out. Only replies that `replies.cacheable` made come this way.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header, parse_etags

from app.web.etags import GZIP, IDENTITY, gzipped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from wsgiref.types import WSGIEnvironment

    Headers = list[tuple[str, str]]

LEAST_BYTES = 1000
"""Less is not worth compressing: it fits a packet."""

_LEVEL = 4
_OF_THE_BODY = ("content-type", "content-length", "content-encoding")


class Answer(NamedTuple):
    """What is sent to a client; it may be sent to many, and is not to be changed.

    Args:
        status: status line, like headers and body as WSGI has it.
        headers: those that are not the server's own.
        body: its chunks.
        block: the headers as they are sent, where they were made ready for that.
    """

    status: str
    headers: Headers
    body: list[bytes]
    block: bytes = b""


@dataclass(frozen=True, slots=True)
class Representation:
    """One encoding of a reply.

    Args:
        etag: as the header has it.
        whole: the 200.
        head: the 200 without its body.
        unchanged: the 304.
    """

    etag: str
    whole: Answer
    head: Answer
    unchanged: Answer

    def answer(self, environ: WSGIEnvironment) -> Answer:
        """Return what the client asked for."""
        named = environ.get("HTTP_IF_NONE_MATCH")
        if named is not None and (named == self.etag or _names(named, self.etag)):
            return self.unchanged
        return self.head if environ["REQUEST_METHOD"] == "HEAD" else self.whole


class WholeReply:
    """A 200 with its body as it is; its encodings are made when they are first asked for."""

    def __init__(self, headers: Headers, body: bytes) -> None:
        self._headers = headers
        self._body = body

    @property
    def size(self) -> int:
        """Bytes it takes in memory, about, with its encodings."""
        return 4000 + len(self._body) + len(self._body) // 3

    @cached_property
    def plain(self) -> Representation:
        """The body as it is."""
        return _represent(self._headers, self._body)

    @cached_property
    def gzipped(self) -> Representation:
        """The body compressed, where that is worth it; its ETag names the encoding."""
        if len(self._body) < LEAST_BYTES:
            return self.plain
        body = gzip.compress(self._body, _LEVEL, mtime=0)
        renamed = {"content-length": str(len(body)), "etag": gzipped(self.plain.etag)}
        headers = [(name, renamed.get(name.lower(), value)) for name, value in self._headers]
        return _represent([*headers, ("Content-Encoding", GZIP)], body)

    def for_client(self, environ: WSGIEnvironment) -> Representation:
        """Return the encoding the client prefers."""
        accepted = environ.get("HTTP_ACCEPT_ENCODING")
        return self.gzipped if accepted and accepts_gzip(accepted) else self.plain


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether a client that sends this header takes gzip, at least as gladly as nothing."""
    accepted = parse_accept_header(accept_encoding, MIMEAccept)
    qualities: Mapping[str, float] = {value.lower(): quality for value, quality in accepted}
    quality = qualities.get(GZIP, qualities.get("x-gzip", qualities.get("*", 0)))
    return quality > 0 and quality >= qualities.get(IDENTITY, 0)


def as_sent(headers: Headers) -> bytes:
    """Return headers as HTTP has them. They were checked by Werkzeug when the reply was made."""
    return "".join([f"{name}: {value}\r\n" for name, value in headers]).encode("latin-1")


def marked_stale(headers: Headers, age_seconds: int) -> Headers:
    """Return the headers of a hit as those of the last known page."""
    told = [(name, "stale" if name == "X-Cache" else value) for name, value in headers]
    return [*told, ("Age", str(age_seconds))]


def _represent(headers: Headers, body: bytes) -> Representation:
    etag = next(value for name, value in headers if name.lower() == "etag")
    unchanged = [(name, value) for name, value in headers if name.lower() not in _OF_THE_BODY]
    block = as_sent(headers)
    return Representation(
        etag,
        whole=Answer("200 OK", headers, [body], block),
        head=Answer("200 OK", headers, [], block),
        unchanged=Answer("304 NOT MODIFIED", unchanged, [], as_sent(unchanged)),
    )


def _names(if_none_match: str, etag: str) -> bool:
    return parse_etags(if_none_match).contains_weak(etag.strip('"'))
