"""A thin WSGI layer before Flask, for reads.

It gives each client its representation of a reply (representations.py), and keeps first pages
ready: what a view marked as a slice of a head is answered again from memory, byte for byte, while
that head is the newest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from cachetools import LRUCache

from app.metrics.processes import ProcessMetrics
from app.web.etags import is_plain, newest_named
from app.web.ready_counts import ReadyCounts
from app.web.representations import Answer, WholeReply, marked_stale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from app.domain.feeds import Feed
    from app.web.representations import Headers

    ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]

MAX_BYTES = 8 * 1024 * 1024
"""Of ready pages; a page of 10 has some 20 kB."""

MAX_SPELLINGS = 4096
"""Of ready pages: ways to write the parameters."""

_LONGEST_SPELLING = 300
_READS = ("GET", "HEAD")
_MARK = "newsreel.first_page"


class Needs(Enum):
    """What it takes to answer a request that is not ready."""

    NOTHING = auto()
    CHECK = auto()
    """A look at all backends, which any one of them may hold up."""
    CACHE = auto()
    """A first page that was kept has to be brought up to date."""
    STORE = auto()
    SCRAPE = auto()
    """As a check, but not the same for everybody."""


_NEEDS = {
    ("", "/health", ""): Needs.NOTHING,
    ("", "/ready", ""): Needs.CHECK,
    ("", "/metrics", ""): Needs.SCRAPE,
}


class LastKnown(Protocol):
    """The head that is known, whether or not it is the newest."""

    @property
    def version(self) -> int:
        """Of the head."""

    @property
    def age_seconds(self) -> int:
        """Since it was known to be the newest."""


class ReadyVersions(Protocol):
    """What the layer asks of the read path; it waits for nothing."""

    def ready_version(self, feed: Feed) -> int | None:
        """Return the version of a first page that would be a hit now."""

    def last_known(self, feed: Feed) -> LastKnown | None:
        """Return what could be told of a first page if nobody answered."""


@dataclass(frozen=True, slots=True)
class FirstPage:
    """Which page a reply is: the address stands for all ways to write its parameters."""

    feed: Feed
    version: int
    address: str


@dataclass(frozen=True, slots=True)
class _Ready:
    page: FirstPage
    reply: WholeReply

    def answer(self, environ: WSGIEnvironment) -> Answer | None:
        """Return what the client asked for; None if it has a newer version."""
        ours = self.reply.for_client(environ)
        named = environ.get("HTTP_IF_NONE_MATCH", ours.etag)
        if named != ours.etag and newest_named(named, self.page.address) > self.page.version:
            return None  # the application will look for it
        return ours.answer(environ)


def mark_first_page(environ: WSGIEnvironment, page: FirstPage) -> None:
    """Say that the reply to this request is a hit on the head of a feed, and nothing else."""
    environ[_MARK] = page


def is_first_page(environ: WSGIEnvironment) -> bool:
    """Tell whether the reply to this request was marked, so that others may be given it, too."""
    return _MARK in environ


class ReadLayer:
    """Stands in the place of Flask's own `wsgi_app`.

    Args:
        app: the application below.
        versions: says whether a page that was kept is still the newest.
        max_bytes: of kept pages; beyond it those used least recently go.
        max_spellings: of kept pages.
        admits: tells whether who asks is known as a reader, without waiting; None where everybody
            is. Who is not known is sent to the application.
        refuses: returns the refusal of those who have asked for too much, without waiting.
        turns_away: returns the refusal of those who ask under a foreign name, without waiting; it
            comes before everything else. None where any name is ours.
        prefix: returns what the path depends on below which the client sees the service; without
            it that is SCRIPT_NAME.
        processes: counts the answers from memory.
    """

    def __init__(
        self,
        app: WSGIApplication,
        versions: ReadyVersions,
        *,
        admits: Callable[[WSGIEnvironment], bool] | None = None,
        refuses: Callable[[WSGIEnvironment], Answer | None] | None = None,
        turns_away: Callable[[WSGIEnvironment], Answer | None] | None = None,
        prefix: Callable[[WSGIEnvironment], str] | None = None,
        max_bytes: int = MAX_BYTES,
        max_spellings: int = MAX_SPELLINGS,
        processes: ProcessMetrics | None = None,
    ) -> None:
        self._app = app
        self._versions = versions
        self._admits = admits
        self._refuses = refuses
        self._turns_away = turns_away
        self._prefix = prefix or _script_name
        self._addresses: LRUCache[tuple[str, str, str], str] = LRUCache(max_spellings)
        self._pages: LRUCache[str, _Ready] = LRUCache(max_bytes, lambda it: it.reply.size)
        self._lock = Lock()
        self._counts = ReadyCounts(processes or ProcessMetrics())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from memory, else ask the application."""
        answer = self.ready(environ)
        if answer is None:
            return self.ask(environ, start_response)
        start_response(answer.status, answer.headers.copy())
        return answer.body

    def ready(self, environ: WSGIEnvironment) -> Answer | None:
        """Return the answer if it is ready, or a refusal; waits for nothing."""
        if self._turns_away is not None and (away := self._turns_away(environ)) is not None:
            return away
        if environ["REQUEST_METHOD"] not in _READS or _has_body(environ):
            return None
        spelling = self._spelling(environ)
        with self._lock:
            address = self._addresses.get(spelling)
            kept = None if address is None else self._pages.get(address)
        if kept is None or kept.page.version != self._versions.ready_version(kept.page.feed):
            return None
        if self._admits is not None and not self._admits(environ):
            return None
        refusal = None if self._refuses is None else self._refuses(environ)
        if refusal is not None:
            self._counts.refused += 1
            return refusal
        answer = kept.answer(environ)
        if answer is not None:
            self._counts.answered += 1
        return answer

    def kept(self, environ: WSGIEnvironment) -> Answer | None:
        """Return the page as it was when it was last looked at, marked stale; waits for nothing.

        None if there is a newer version than that of the page, here or with the client.
        """
        with self._lock:
            kept = self._pages.get(self._addresses.get(self._spelling(environ), ""))
        last = None if kept is None else self._versions.last_known(kept.page.feed)
        if kept is None or last is None or kept.page.version != last.version:
            return None
        if self._admits is not None and not self._admits(environ):
            return None
        answer = kept.answer(environ)
        if answer is None:
            return None
        self._counts.stale += 1
        return Answer(answer.status, marked_stale(answer.headers, last.age_seconds), answer.body)

    def needs(self, environ: WSGIEnvironment) -> Needs:
        """Tell what it takes to answer what is not ready."""
        if environ["REQUEST_METHOD"] not in _READS or _has_body(environ):
            return Needs.STORE
        spelling = self._spelling(environ)
        with self._lock:
            is_known = spelling in self._addresses
        return Needs.CACHE if is_known else _NEEDS.get(spelling, Needs.STORE)

    def ask(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Let the application answer; keep what it marked as a first page."""
        self._counts.hand_over()
        spelling = self._spelling(environ)  # proxies' words may change the environ
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        asked = _as_asked(environ)
        told = _Told()
        chunks = self._app(asked, told)
        if not told.is_cacheable:
            start_response(told.status, told.headers)
            return _emptied(chunks) if is_head else chunks
        reply = WholeReply(told.headers, b"".join(chunks))
        _close(chunks)
        page = asked.get(_MARK)
        if isinstance(page, FirstPage):
            self._keep(spelling, _Ready(page, reply))
        answer = reply.for_client(environ).answer(environ)
        start_response(answer.status, answer.headers.copy())
        return answer.body

    def _spelling(self, environ: WSGIEnvironment) -> tuple[str, str, str]:
        return self._prefix(environ), environ["PATH_INFO"], environ.get("QUERY_STRING", "")

    def _keep(self, spelling: tuple[str, str, str], ready: _Ready) -> None:
        if sum(map(len, spelling)) > _LONGEST_SPELLING or ready.reply.size > self._pages.maxsize:
            return
        with self._lock:
            self._addresses[spelling] = ready.page.address
            self._pages[ready.page.address] = ready


class _Told:
    """A `start_response` that takes down what it is told."""

    def __init__(self) -> None:
        self.status = ""
        self.headers: Headers = []

    def __call__(
        self, status: str, headers: Headers, _exc_info: ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        self.status, self.headers = status, headers
        return _refuse_to_write

    @property
    def is_cacheable(self) -> bool:
        etag = next((value for name, value in self.headers if name.lower() == "etag"), "")
        return self.status.startswith("200") and is_plain(etag)


def _refuse_to_write(_data: bytes, /) -> object:
    raise NotImplementedError("Flask returns bodies; it does not write them")


def _script_name(environ: WSGIEnvironment) -> str:
    name: str = environ.get("SCRIPT_NAME", "")
    return name


def _as_asked(environ: WSGIEnvironment) -> WSGIEnvironment:
    """Ask for the whole of a HEAD, and for `/` where there is no path at all.

    `GET http://host HTTP/1.1` has none: Werkzeug would redirect, to the host that the client named.
    """
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if method != "HEAD" and path:
        return environ
    asked = "GET" if method == "HEAD" else method
    return {**environ, "REQUEST_METHOD": asked, "PATH_INFO": path or "/"}


def _has_body(environ: WSGIEnvironment) -> bool:
    return environ.get("CONTENT_LENGTH", "") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ


def _emptied(chunks: Iterable[bytes]) -> Iterable[bytes]:
    _close(chunks)
    return []


def _close(chunks: Iterable[bytes]) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()
