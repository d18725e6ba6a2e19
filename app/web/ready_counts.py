"""Counts answers from memory, at the price of an addition each.

What they cost in all is some microseconds, and a counter of Prometheus takes one or more of them.
So they are counted in plain numbers, and handed over by the next request that goes to the
application: who asks for pages sends one each second, when they are brought up to date, and so
does who scrapes.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from app.telemetry import get_logger

if TYPE_CHECKING:
    from app.metrics.processes import ProcessMetrics

SAMPLE = 10_000
"""One line in the log for so many."""


class ReadyCounts:
    """Counts for one process; only its loop adds to them.

    Args:
        processes: is given the counts.
    """

    __slots__ = (
        "_answered",
        "_lock",
        "_log",
        "_processes",
        "_refused",
        "_stale",
        "_told",
        "answered",
        "refused",
        "stale",
    )

    def __init__(self, processes: ProcessMetrics) -> None:
        self.answered = 0
        self.refused = 0
        self.stale = 0
        self._answered = self._refused = self._stale = self._told = 0
        self._processes = processes
        self._lock = Lock()
        self._log = get_logger(__name__)

    def hand_over(self) -> None:
        """Hand over what was counted since the last time; any thread may."""
        if not self._lock.acquire(blocking=False):
            return  # another is at it
        try:
            answered, refused, stale = self.answered, self.refused, self.stale
            new = answered - self._answered, refused - self._refused, stale - self._stale
            if any(new):
                self._processes.ready(*new)
                self._answered, self._refused, self._stale = answered, refused, stale
            if answered - self._told >= SAMPLE:
                self._log.info("pages_from_memory", answered=answered - self._told, refused=refused)
                self._told = answered
        finally:
            self._lock.release()
