"""Of those who want the same at the same time one goes for it, and the others may wait for him."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from app.domain.feeds import Feed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Flight(Generic[T]):
    """What is under way for a feed: since when, and what it will bring, or fail with."""

    began_at: datetime
    found: Future[T] = field(default_factory=Future)


class Flights(Generic[T]):
    """At most one flight per feed. Thread-safe."""

    def __init__(self) -> None:
        self._flights: dict[Feed, Flight[T]] = {}
        self._lock = Lock()

    def join(self, feed: Feed, now: datetime) -> tuple[Flight[T], bool]:
        """Return the feed's flight and whether it is ours: if so, `fly` must be called next."""
        with self._lock:
            flight = self._flights.get(feed)
            if flight is not None:
                return flight, False
            self._flights[feed] = flight = Flight(now)
            return flight, True

    def fly(self, feed: Feed, flight: Flight[T], work: Callable[[], T]) -> T:
        """Do the work of our flight; what it returns or raises is everybody's who joined it."""
        try:
            found = work()
        except BaseException as error:
            self._land(feed)
            flight.found.set_exception(error)
            raise
        self._land(feed)
        flight.found.set_result(found)
        return found

    def _land(self, feed: Feed) -> None:
        with self._lock:
            del self._flights[feed]
