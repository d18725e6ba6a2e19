from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import StoreUnavailableError
from app.metrics.looking import Look
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

FOR_EVER = 60.0


class Watched:
    """Counts how often it is looked at; looks may be held up."""

    def __init__(self) -> None:
        self.looks = 0
        self.open = Event()
        self.open.set()
        self.trouble: Exception | None = None

    def __call__(self) -> int:
        self.looks += 1
        assert self.open.wait(FOR_EVER)
        if self.trouble is not None:
            raise self.trouble
        return self.looks


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def new(watched: Callable[[], int], clock: Callable[[], float]) -> Look[int]:
    return Look(watched, "part", kept_seconds=5, clock=clock)


def test_what_was_seen_is_told_for_a_while_and_then_looked_at_again() -> None:
    watched, hand = Watched(), Hand()
    look = new(watched, hand)
    for now, seen in ((0, 1), (4.9, 1), (5, 2), (9, 2)):
        hand.now = now
        look.begin()
        assert look.result(FOR_EVER) == seen


def test_while_somebody_looks_nobody_else_does_and_nobody_waits_for_long() -> None:
    watched = Watched()
    watched.open.clear()
    look = new(watched, Hand())
    for _ in range(20):
        look.begin()
        assert look.result(0) is None
    assert watched.looks == 1
    watched.open.set()
    assert look.result(FOR_EVER) == 1
    assert watched.looks == 1


@pytest.mark.parametrize("trouble", [StoreUnavailableError("away"), ZeroDivisionError()])
def test_a_look_that_fails_tells_nothing_and_is_not_repeated_at_once(trouble: Exception) -> None:
    watched, hand = Watched(), Hand()
    watched.trouble = trouble
    look = new(watched, hand)
    for _ in range(3):
        look.begin()
        assert look.result(FOR_EVER) is None
    assert watched.looks == 1
    watched.trouble, hand.now = None, 5
    look.begin()
    assert look.result(FOR_EVER) == 2


def test_what_was_seen_long_ago_is_not_told_while_a_new_look_hangs() -> None:
    watched, hand = Watched(), Hand()
    look = new(watched, hand)
    look.begin()
    assert look.result(FOR_EVER) == 1
    watched.open.clear()
    hand.now = 5
    look.begin()
    wait_until(lambda: watched.looks == 2)
    assert look.result(0) is None
    watched.open.set()
    assert look.result(FOR_EVER) == 2


def test_a_process_without_threads_left_looks_again_once_it_has_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_more(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    hand = Hand()
    look = new(Watched(), hand)
    with monkeypatch.context() as limited:
        limited.setattr(Thread, "start", no_more)
        look.begin()
        assert look.result(0) is None
    hand.now = 5
    look.begin()
    assert look.result(FOR_EVER) == 1
