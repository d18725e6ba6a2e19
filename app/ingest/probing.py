"""Questions to backends that may hang: put once at a time, and waited for no longer than is set.

A thread of its own asks, so who wants to know is never held up. What hangs is not asked again
meanwhile: who comes next waits for the same answer.
"""

from __future__ import annotations

from concurrent.futures import Future
from threading import Lock, Thread
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Probe(Generic[T]):
    """One question. Thread-safe.

    Args:
        name: of the thread that asks.
        ask: the question; its own time limits end it some day.
    """

    def __init__(self, name: str, ask: Callable[[], T]) -> None:
        self._name = name
        self._ask = ask
        self._asking: Future[T] | None = None
        self._lock = Lock()

    def begin(self) -> Future[T]:
        """Ask, unless that is being done; return what holds the answer, or what it failed with."""
        with self._lock:
            if self._asking is not None and not self._asking.done():
                return self._asking
            asking = self._asking = Future[T]()
        # A daemon: a process that ends does not wait for a backend that says nothing.
        thread = Thread(target=self._run, args=(asking,), name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # there are no more threads; who comes next tries again
            asking.set_exception(error)
        return asking

    def _run(self, asking: Future[T]) -> None:
        try:
            answer = self._ask()
        except BaseException as error:  # noqa: BLE001 - it is for those who wait
            asking.set_exception(error)
        else:
            asking.set_result(answer)
