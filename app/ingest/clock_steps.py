"""Clocks that are wrong: who polls under one is stopped, and what one wrote is taken back.

A machine's clock that jumps ahead, and is put right, leaves marks of polls in the future. Nobody
would poll until they have come, and what was published meanwhile would count as read (ADR 0032).
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

from app.domain.ranges import Pending, RangeReason, Reading, Stretch, floor_second
from app.ingest import coverage
from app.ingest.tail import LEASE
from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from app.domain.clock import Clock
    from app.store.store import Store, Transaction

TOLERANCE = timedelta(seconds=60)
"""What the clocks of processes may differ by; clocks that are kept differ by milliseconds."""

CLOCK_DIFFERS = "clock_differs"
"""The code of the problem that a process's clock and the database's are apart."""

_CHECKED_EVERY = timedelta(seconds=10)
_STEP = timedelta(seconds=1)


def put_right(
    pending: Iterable[Pending], *, now: datetime, lookback: timedelta, unread: bool
) -> list[Pending]:
    """Return what is pending of a watch, without what only a clock ahead can have noted.

    Args:
        pending: what is noted.
        now: by a clock that is right.
        lookback: the age at which a stretch is read again.
        unread: whether polls were begun in the future. What these called read counts as never
            read: all that waits for its second reading, and what was read again in the future.
            Else it is only due at once.
    """
    end = floor_second(now)
    right: list[Pending] = []
    for item in pending:
        if item.stretch.starts_at > end:
            continue
        stretch = Stretch(item.stretch.starts_at, min(item.stretch.ends_at, end))
        due_at = item.due_at
        if due_at is not None and item.reading is not Reading.FIRST:
            noted_ahead = due_at > coverage.latest_due(item.reading, now + TOLERANCE, lookback)
            if unread and (noted_ahead or item.reading is Reading.SECOND):
                right.append(Pending(stretch, Reading.FIRST, RangeReason.NEW, end))
                continue
            due_at = end if noted_ahead else due_at
        right.append(replace(item, stretch=stretch, due_at=due_at))
    return coverage.coalesced(right)


class ClockSteps:
    """Takes back what a clock that was ahead wrote; any number of processes may do so.

    Args:
        store: holds watches and ranges.
        clock: the present, held against the database's before.
        lookback: the age at which a stretch is read again.
    """

    def __init__(self, store: Store, clock: Clock, lookback: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._lookback = lookback
        self._log = get_logger(__name__)

    def put_right(self) -> None:
        """Look for marks in the future, and take them back.

        Raises:
            StoreUnavailableError: the database is away.
        """
        now = self._clock()
        after = now + 2 * TOLERANCE
        leased_after = after + LEASE
        if not self._store.read(lambda t: t.clock_steps.list_ahead(after, leased_after)):
            return

        def work(transaction: Transaction) -> list[int]:
            transaction.stand_in_line()
            ahead = transaction.clock_steps.list_ahead(after, leased_after)
            for each in ahead:
                transaction.clock_steps.put_right(each.watch_id, now)
                pending = transaction.ranges.list_pending(each.watch_id)
                righted = put_right(
                    pending, now=now, lookback=self._lookback, unread=each.was_begun
                )
                transaction.ranges.replace(each.watch_id, righted)
            transaction.clock_steps.end_waits(now)
            return [each.watch_id for each in ahead]

        watches = self._store.write(work)
        self._log.warning("marks_of_the_future_taken_back", watches=len(watches))


class ClockCheck:
    """Whether this process's clock agrees with the database's; share one per process.

    The database is asked now and then, and whenever the clock has made a step.

    Args:
        store: has a clock, unless it is a file.
        clock: this process's.
        timer: seconds that pass, whatever the clock does.
    """

    def __init__(
        self, store: Store, clock: Clock, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._clock = clock
        self._timer = timer
        self._checked: tuple[float, datetime] | None = None
        self._apart = timedelta(0)
        self._lock = Lock()

    def agrees(self) -> bool:
        """Tell whether the two are less than a minute apart.

        Raises:
            StoreUnavailableError: the database is away.
        """
        return abs(self.apart()) <= TOLERANCE

    def apart(self) -> timedelta:
        """Return how far this process's clock is ahead of the database's.

        Raises:
            StoreUnavailableError: the database is away.
        """
        with self._lock:
            if not self._is_known():
                theirs = self._store.read(lambda transaction: transaction.clock_steps.now())
                now = self._clock()
                self._apart = timedelta(0) if theirs is None else now - theirs
                self._checked = self._timer(), now
            return self._apart

    def _is_known(self) -> bool:
        if self._checked is None:
            return False
        at, then = self._checked
        passed = timedelta(seconds=self._timer() - at)
        return passed < _CHECKED_EVERY and abs(self._clock() - then - passed) < _STEP


class NoClockCheck(ClockCheck):
    """For processes that are given a clock: it is right."""

    def apart(self) -> timedelta:
        """Return nothing."""
        return timedelta(0)
