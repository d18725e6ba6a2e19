"""Where a request waits that is not ready: what it needs decides, and how long is bounded.

Lives in the loop; only `asked` runs in threads. Whoever would wait too long is shed: with the page
that was kept, marked stale, else with 503.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Protocol

import gevent
from gevent.event import Event
from gevent.lock import Semaphore
from gevent.threadpool import ThreadPool

from app.metrics.processes import ProcessMetrics
from app.web.read_layer import Needs
from app.web.refusals import overloaded
from app.web.representations import Answer
from app.web.request_limits import MAX_BODY_BYTES, most_body_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from app.metrics.processes import LaneMetrics
    from app.web.representations import Headers

BODY_SECONDS = 10
UPLOAD_SECONDS = 30
_SHORT_LANE_THREADS = 2
_PAGE_SECONDS = 1.0
_STORE_SECONDS = 2.0
_MOST_WAITING = 250
"""In a lane: a quarter of a worker's connections, so that the rest is left to what is ready."""

_CHECK_IS_KEPT_SECONDS = 1.0
_CHECK_SECONDS = 3.0  # probes wait for five
_LAST_CHECK_SECONDS = 30.0

ALREADY_ASKED: ContextVar[bool] = ContextVar("already_asked", default=False)
"""Whether this request was found not to be ready. Who is told so is sent to look, so nobody may
ask a second time: the answer would be that somebody is looking."""


class ReadyLayer(Protocol):
    """An application that knows what its answers need."""

    def ready(self, environ: WSGIEnvironment) -> Answer | None:
        """Return the answer if it is ready; waits for nothing."""

    def kept(self, environ: WSGIEnvironment) -> Answer | None:
        """Return the last known answer, marked stale; waits for nothing."""

    def needs(self, environ: WSGIEnvironment) -> Needs:
        """Tell what it takes to answer what is not ready."""

    def ask(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer what is not ready."""


class Offloaded:
    """A WSGI application for the loop: asks the layer itself, and the rest in threads.

    Args:
        layer: the application.
        threads: for requests that need the store.
        processes: counts what goes through the lanes.
    """

    def __init__(
        self, layer: ReadyLayer, threads: int, processes: ProcessMetrics | None = None
    ) -> None:
        lane = (processes or ProcessMetrics()).lane
        short = Lane(layer, _SHORT_LANE_THREADS, _PAGE_SECONDS, lane("pages"))
        self._layer = layer
        self._pages = FirstPages(layer, short)
        self._store = Lane(layer, threads, _STORE_SECONDS, lane("store"))
        # Of its own: while the store's threads hang, that is to be told.
        self._scrapes = Lane(layer, _SHORT_LANE_THREADS, _PAGE_SECONDS, lane("scrapes"))
        self._checks = Checks(layer)
        self._uploads = Semaphore(1)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; called in a greenlet of the loop."""
        answer = None if ALREADY_ASKED.get() else self._layer.ready(environ)
        answer = answer or self._unready(environ)
        start_response(answer.status, answer.headers.copy())
        return answer.body

    def _unready(self, environ: WSGIEnvironment) -> Answer:
        if _may_upload(environ):
            return self._take_upload(environ)
        _take_in_body(environ)  # those who send slowly take no place
        match self._layer.needs(environ):
            case Needs.NOTHING:
                return asked(self._layer, environ)
            case Needs.CHECK:
                return self._checks.ask(environ)
            case Needs.CACHE:
                return self._pages.ask(environ)
            case Needs.STORE:
                return self._store.ask(environ) or overloaded()
            case Needs.SCRAPE:
                return self._scrapes.ask(environ) or overloaded()

    def _take_upload(self, environ: WSGIEnvironment) -> Answer:
        """Answer one at a time: what is sent, and what is made of it, takes a lot of memory."""
        if not self._uploads.acquire(timeout=_STORE_SECONDS):
            return overloaded()
        try:
            _take_in_body(environ, UPLOAD_SECONDS)
            return self._store.ask(environ) or overloaded()
        finally:
            self._uploads.release()


class Lane:
    """Threads, and requests that wait for one of them.

    Args:
        layer: answers in the threads.
        threads: how many requests are worked on at a time.
        seconds: how long a request may wait for its turn.
        metrics: counts.
    """

    def __init__(
        self,
        layer: ReadyLayer,
        threads: int,
        seconds: float,
        metrics: LaneMetrics | None = None,
    ) -> None:
        self._metrics = metrics or ProcessMetrics().lane("")
        self.seconds = seconds
        self._layer = layer
        self._pool = ThreadPool(threads)
        self._places = Semaphore(threads)
        self._waiting = 0

    def ask(self, environ: WSGIEnvironment) -> Answer | None:
        """Let a thread answer; None if there was none in time."""
        began_at = time.monotonic()
        if not self._has_place():
            self._metrics.shed()
            return None
        self._metrics.begin(time.monotonic() - began_at)
        try:
            return self._pool.apply(asked, (self._layer, environ))
        finally:
            self._metrics.end()
            self._places.release()

    def _has_place(self) -> bool:
        if self._waiting >= _MOST_WAITING:
            return False
        self._waiting += 1
        try:
            return self._places.acquire(timeout=self.seconds)
        finally:
            self._waiting -= 1


@dataclass(frozen=True, slots=True)
class _Look:
    until: float
    done: Event = field(default_factory=Event)


class FirstPages:
    """Brings first pages up to date: one request looks, the others for that page wait for it.

    They have a lane of their own: it takes the cache alone, and must not wait behind those who
    wait for the database.

    Args:
        layer: has what was kept.
        lane: for those who look.
    """

    def __init__(self, layer: ReadyLayer, lane: Lane) -> None:
        self._layer = layer
        self._lane = lane
        self._looks: dict[tuple[str, str, str], _Look] = {}

    def ask(self, environ: WSGIEnvironment) -> Answer:
        """Answer with the newest page if that takes no longer than the lane's seconds."""
        page = environ.get("SCRIPT_NAME", ""), environ["PATH_INFO"], environ["QUERY_STRING"]
        look = self._looks.get(page)
        answer = self._look(page, environ) if look is None else self._await(look, environ)
        return answer or self._layer.kept(environ) or overloaded()

    def _look(self, page: tuple[str, str, str], environ: WSGIEnvironment) -> Answer | None:
        look = self._looks[page] = _Look(time.monotonic() + self._lane.seconds)
        try:
            return self._lane.ask(environ)
        finally:
            del self._looks[page]
            look.done.set()

    def _await(self, look: _Look, environ: WSGIEnvironment) -> Answer | None:
        look.done.wait(max(0.0, look.until - time.monotonic()))
        found = self._layer.ready(environ) or self._layer.kept(environ)
        return found or self._lane.ask(environ)


class Checks:
    """Answers probes: by one thread, by one check for all who ask at a time.

    While a backend hangs a check takes longer than probes wait; then the last one's answer is told.

    Args:
        layer: answers in the thread.
        seconds: how long to wait for a check while there is an answer of the last one.
        clock: seconds, from anywhere.
    """

    def __init__(
        self,
        layer: ReadyLayer,
        seconds: float = _CHECK_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._layer = layer
        self._seconds = seconds
        self._clock = clock
        self._pool = ThreadPool(1)
        self._running: gevent.Greenlet[[dict[str, object]], None] | None = None
        self._last: tuple[float, Answer] | None = None

    def ask(self, environ: WSGIEnvironment) -> Answer:
        """Return the answer of a check that is a second old at most, where one can be had."""
        answer = self._shared(environ)
        return answer._replace(body=[]) if environ["REQUEST_METHOD"] == "HEAD" else answer

    def _shared(self, environ: WSGIEnvironment) -> Answer:
        answer = self._younger_than(_CHECK_IS_KEPT_SECONDS)
        if answer is not None:
            return answer
        running = self._running
        if running is None or running.ready():
            running = self._running = gevent.spawn(
                self._check, {**environ, "REQUEST_METHOD": "GET"}
            )
        running.join(self._seconds)
        if not running.ready() and self._younger_than(_LAST_CHECK_SECONDS) is None:
            running.join()
        return self._younger_than(_LAST_CHECK_SECONDS) or overloaded()

    def _check(self, environ: WSGIEnvironment) -> None:
        answer = self._pool.apply(asked, (self._layer, environ))
        self._last = self._clock(), answer

    def _younger_than(self, seconds: float) -> Answer | None:
        if self._last is None or self._clock() - self._last[0] >= seconds:
            return None
        return self._last[1]


def asked(layer: ReadyLayer, environ: WSGIEnvironment) -> Answer:
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
    return Answer(*told[-1], body)


def _may_upload(environ: WSGIEnvironment) -> bool:
    """Tell whether the body may be longer than those of all other paths, and is or may be."""
    if most_body_bytes(environ["PATH_INFO"]) == MAX_BODY_BYTES:
        return False
    return "HTTP_TRANSFER_ENCODING" in environ or _length(environ) > MAX_BODY_BYTES


def _take_in_body(environ: WSGIEnvironment, seconds: float = BODY_SECONDS) -> None:
    """Read the body, of which no more is ever looked at, while the loop can still wait for it.

    One that is said to be too long is not waited for: it is refused for its length.
    """
    length, most = _length(environ), most_body_bytes(environ["PATH_INFO"])
    if length > most or not (length or "HTTP_TRANSFER_ENCODING" in environ):
        return
    read = environ["wsgi.input"].read
    body: bytes = gevent.with_timeout(seconds, read, most + 1, timeout_value=b"")
    environ["wsgi.input"] = BytesIO(body)
    if environ.pop("HTTP_TRANSFER_ENCODING", None) is not None:
        environ["CONTENT_LENGTH"] = str(len(body))  # tells the application of one that was cut off


def _length(environ: WSGIEnvironment) -> int:
    return int(environ.get("CONTENT_LENGTH") or 0)
