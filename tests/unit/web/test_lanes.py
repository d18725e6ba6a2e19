"""Where requests wait: one looks for all, nobody waits for long, and probes share a check."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

import gevent
import pytest

from app.web import lanes
from app.web.lanes import ALREADY_ASKED, Checks, FirstPages, Lane, Offloaded
from app.web.read_layer import Needs
from app.web.representations import Answer
from app.web.request_limits import MAX_BODY_BYTES, MAX_UPLOAD_BYTES
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment


CROWD = 64
KEPT = Answer("200 OK", [("X-Cache", "stale")], [b"kept"])
NEWEST = Answer("200 OK", [("X-Cache", "hit")], [b"newest"])


@dataclass
class Layer:
    """Answers when it may; then, if `brings` is set, the answer is ready for the others."""

    is_kept: bool = True
    brings: bool = True
    needed: Needs = Needs.CACHE
    asks: int = 0
    ready_asked: int = 0
    is_ready: bool = False
    may_answer: threading.Event = field(default_factory=threading.Event)

    def ready(self, environ: WSGIEnvironment) -> Answer | None:
        del environ
        self.ready_asked += 1
        return NEWEST if self.is_ready else None

    def kept(self, environ: WSGIEnvironment) -> Answer | None:
        del environ
        return KEPT if self.is_kept else None

    def needs(self, environ: WSGIEnvironment) -> Needs:
        del environ
        return self.needed

    def ask(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        del environ
        self.asks += 1
        self.may_answer.wait(30)
        self.is_ready = self.brings
        start_response(NEWEST[0], NEWEST[1])
        return NEWEST[2]


@pytest.fixture
def layer() -> Iterator[Layer]:
    made = Layer()
    yield made
    made.may_answer.set()


def environ(path: str = "/videos", method: str = "GET") -> WSGIEnvironment:
    return {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": ""}


def crowd(ask: Callable[[WSGIEnvironment], Answer]) -> list[gevent.Greenlet[..., Answer]]:
    return [gevent.spawn(ask, environ()) for _ in range(CROWD)]


def bodies(asking: list[gevent.Greenlet[..., Answer]]) -> list[bytes]:
    gevent.joinall(asking, timeout=10)
    return [b"".join(it.get(block=False)[2]) for it in asking]


def until(condition: Callable[[], object]) -> None:
    """Let the loop run meanwhile."""

    def looked() -> object:
        gevent.sleep(0.001)
        return condition()

    wait_until(looked)


def test_one_looks_for_all_who_ask_for_a_page_and_all_get_the_newest(layer: Layer) -> None:
    asking = crowd(FirstPages(layer, Lane(layer, 2, seconds=10)).ask)
    until(lambda: layer.asks)
    layer.may_answer.set()
    assert bodies(asking) == [b"newest"] * CROWD
    assert layer.asks == 1


def test_who_would_wait_too_long_for_a_first_page_gets_the_kept_one(layer: Layer) -> None:
    pages = FirstPages(layer, Lane(layer, 2, seconds=0.05))
    first, *others = crowd(pages.ask)
    assert bodies(others) == [b"kept"] * (CROWD - 1)
    late = gevent.spawn(pages.ask, environ())
    assert bodies([late]) == [b"kept"], "the look has taken long enough"
    layer.may_answer.set()
    assert bodies([first]) == [b"newest"]
    assert layer.asks == 1


def test_looks_at_other_pages_that_find_no_thread_get_the_kept_one(layer: Layer) -> None:
    pages = FirstPages(layer, Lane(layer, 2, seconds=0.05))
    asking = [gevent.spawn(pages.ask, environ(f"/{number}")) for number in range(CROWD)]
    until(lambda: sum(it.ready() for it in asking) == CROWD - 2)
    assert [it.value for it in asking if it.ready()] == [KEPT] * (CROWD - 2)


def test_a_look_that_brought_nothing_leaves_the_others_the_kept_page(layer: Layer) -> None:
    layer.brings = False
    asking = crowd(FirstPages(layer, Lane(layer, 2, seconds=10)).ask)
    until(lambda: layer.asks)
    layer.may_answer.set()
    assert bodies(asking) == [b"newest"] + [b"kept"] * (CROWD - 1)


def test_where_nothing_is_kept_each_looks_for_itself(layer: Layer) -> None:
    layer.is_kept = layer.brings = False
    layer.may_answer.set()
    assert bodies(crowd(FirstPages(layer, Lane(layer, 2, seconds=10)).ask)) == [b"newest"] * CROWD
    assert layer.asks == CROWD


def test_a_burst_waits_for_its_turn_and_is_shed_only_by_time(layer: Layer) -> None:
    layer.needed = Needs.STORE
    patient, hasty = Lane(layer, 2, seconds=10), Lane(layer, 2, seconds=0.05)
    waiting = [gevent.spawn(patient.ask, environ()) for _ in range(100)]
    shed = [gevent.spawn(hasty.ask, environ()) for _ in range(100)]
    until(lambda: sum(it.ready() for it in shed) == 98)
    assert {it.value for it in shed if it.ready()} == {None}
    layer.may_answer.set()
    gevent.joinall(waiting, timeout=10)
    assert [it.value for it in waiting] == [NEWEST] * 100


def test_no_more_wait_than_leave_connections_to_what_is_ready(layer: Layer) -> None:
    lane = Lane(layer, 2, seconds=10)
    asking = [gevent.spawn(lane.ask, environ()) for _ in range(300)]
    until(lambda: sum(it.ready() for it in asking) == 300 - 250 - 2)
    layer.may_answer.set()
    gevent.joinall(asking, timeout=10)


@pytest.mark.parametrize("is_asked_already", [True, False])
def test_a_request_asks_once_whether_it_is_ready(layer: Layer, *, is_asked_already: bool) -> None:
    layer.may_answer.set()

    def request() -> None:
        ALREADY_ASKED.set(is_asked_already)
        Offloaded(layer, 2)(environ(), lambda _status, _headers: None)  # type: ignore[arg-type] # nobody writes

    gevent.spawn(request).get()
    assert (layer.asks, layer.ready_asked) == (1, 0 if is_asked_already else 1)


class Silent:
    """A client that says how much it will send, and sends nothing."""

    def read(self, size: int) -> bytes:
        raise AssertionError(f"{size} bytes were waited for")


def test_a_body_that_is_said_to_be_too_long_is_not_waited_for(layer: Layer) -> None:
    layer.may_answer.set()
    asked = {**environ(method="POST"), "CONTENT_LENGTH": "65537", "wsgi.input": Silent()}
    told: list[str] = []
    Offloaded(layer, 1)(asked, lambda status, *_: told.append(status))  # type: ignore[arg-type] # nobody writes by it
    assert told == [NEWEST.status]


def upload(length: int = MAX_BODY_BYTES + 1) -> WSGIEnvironment:
    body = BytesIO(b"x" * length)
    about = {"CONTENT_LENGTH": str(length), "wsgi.input": body}
    return {**environ("/dashboard/import", method="POST"), **about}


def test_uploads_are_taken_in_one_at_a_time_and_hinder_nobody_else(
    layer: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "_STORE_SECONDS", 0.05)
    layer.needed = Needs.STORE
    offloaded = Offloaded(layer, 3)
    first = gevent.spawn(offloaded._unready, upload())
    until(lambda: layer.asks == 1)
    waiting = upload()
    assert offloaded._unready(waiting).status.startswith("503")
    assert waiting["wsgi.input"].tell() == 0, "what is not taken in takes no memory"
    small = gevent.spawn(offloaded._unready, upload(10))
    until(lambda: layer.asks == 2)
    layer.may_answer.set()
    assert [it.get() for it in (first, small)] == [NEWEST, NEWEST]
    assert offloaded._unready(upload()) == NEWEST


def test_an_upload_that_is_said_to_be_too_long_is_not_waited_for(layer: Layer) -> None:
    layer.needed = Needs.STORE
    layer.may_answer.set()
    asked = {**upload(0), "CONTENT_LENGTH": str(MAX_UPLOAD_BYTES + 1), "wsgi.input": Silent()}
    assert Offloaded(layer, 1)._unready(asked) == NEWEST


def test_what_needs_nothing_is_answered_while_all_threads_hang(layer: Layer) -> None:
    layer.needed = Needs.STORE
    offloaded = Offloaded(layer, 2)
    asking = [gevent.spawn(offloaded._unready, environ()) for _ in range(10)]
    until(lambda: layer.asks == 2)
    layer.needed = Needs.CHECK
    asking.append(gevent.spawn(offloaded._unready, environ("/ready")))
    until(lambda: layer.asks == 3)
    layer.needed, layer.may_answer = Needs.NOTHING, threading.Event()
    layer.may_answer.set()
    assert offloaded._unready(environ("/health")) == NEWEST
    assert not any(it.ready() for it in asking)


@dataclass
class Clock:
    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_probes_share_a_check_for_a_second(layer: Layer) -> None:
    clock = Clock()
    checks = Checks(layer, seconds=10, clock=clock)
    asking = crowd(checks.ask)
    until(lambda: layer.asks)
    layer.may_answer.set()
    assert bodies(asking) == [b"newest"] * CROWD
    assert checks.ask(environ(method="HEAD")) == NEWEST._replace(body=[])
    assert layer.asks == 1
    clock.seconds += 1
    assert checks.ask(environ()) == NEWEST
    assert layer.asks == 2


def test_while_a_check_hangs_the_last_ones_answer_is_told_but_not_for_ever(layer: Layer) -> None:
    clock = Clock()
    checks = Checks(layer, seconds=0.05, clock=clock)
    layer.may_answer.set()
    checks.ask(environ())
    layer.may_answer.clear()
    clock.seconds += 29
    assert checks.ask(environ()) == NEWEST
    clock.seconds += 1
    late = gevent.spawn(checks.ask, environ())
    assert gevent.wait([late], timeout=0.2) == []
    layer.may_answer.set()
    assert late.get(timeout=10) == NEWEST
    assert layer.asks == 2, "nobody else was sent after it"
