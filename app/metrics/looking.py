"""Looks at backends that may hang: in a thread, one at a time, and nobody waits for long."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Generic, TypeVar

from app.domain.errors import NewsreelError
from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

KEPT_SECONDS = 5.0
"""So many scrapers as there may be, the database is asked as often as one would ask it."""


@dataclass(frozen=True, slots=True)
class _Seen(Generic[T]):
    found: T | None
    at: float


class Look(Generic[T]):
    """What was seen last, renewed when it is asked for.

    Args:
        ask: looks; may take its time, and may fail.
        name: of the part that is looked at.
        kept_seconds: for which an answer, or that there was none, is told again.
        clock: seconds, from anywhere.
    """

    def __init__(
        self,
        ask: Callable[[], T],
        name: str,
        *,
        kept_seconds: float = KEPT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self.name = name
        self._kept = kept_seconds
        self._clock = clock
        self._lock = Lock()
        self._seen: _Seen[T] | None = None
        self._running: Event | None = None
        self._log = get_logger(__name__)

    def begin(self) -> None:
        """Look, unless somebody does or did a moment ago; returns at once."""
        with self._lock:
            if self._running is not None or self._is_fresh():
                return
            self._running = Event()
            running = self._running
        thread = Thread(target=self._run, args=(running,), name=self.name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # there are no more threads; it counts as a look that failed
            self._end(None, running)

    def result(self, seconds: float) -> T | None:
        """Return what is seen; None if that failed, or takes longer than these seconds."""
        running = self._running
        if running is not None and not running.wait(max(0.0, seconds)):
            return None
        seen = self._seen
        return None if seen is None else seen.found

    def _is_fresh(self) -> bool:
        return self._seen is not None and self._clock() - self._seen.at < self._kept

    def _run(self, done: Event) -> None:
        found = None
        try:
            found = self._ask()
        except NewsreelError as error:
            self._log.debug("look_failed", part=self.name, code=error.code, detail=str(error))
        except Exception:  # noqa: BLE001 - a scrape tells what else is known; it is logged whole
            self._log.exception("look_crashed", part=self.name)
        finally:
            self._end(found, done)

    def _end(self, found: T | None, done: Event) -> None:
        with self._lock:
            self._seen = _Seen(found, self._clock())
            self._running = None
        done.set()
