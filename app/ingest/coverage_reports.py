"""Tells how far each watch has been read, what is open and how late search was."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.coverage import CoveragePage, WatchCoverage, delay_of
from app.domain.ranges import RangeReason, Reading
from app.domain.timelines import TimelinePage, WatchTimeline, Window, segments
from app.ingest import coverage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.ranges import Pending
    from app.domain.watches import Watch
    from app.store.store import Store, Transaction

DELAY_AMONG = 2_000
DELAY_WINDOW = timedelta(days=30)
"""The late ones among the newest so many videos of a watch, within the window, tell its delay."""

TIMELINE = timedelta(days=7)
"""How far back timelines go."""


class CoverageReports:
    """Reads coverage; changes nothing.

    Args:
        store: holds it.
        clock: the present.
        backfill: how far back a new watch starts.
    """

    def __init__(self, store: Store, clock: Clock, backfill: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._backfill = backfill

    def page(self, number: int, length: int) -> CoveragePage:
        """Return the coverage of a page of watches (from 1), oldest watch first.

        Raises:
            StoreUnavailableError: the database is away.
        """
        first = (number - 1) * length

        def work(transaction: Transaction) -> CoveragePage:
            watches = transaction.watches.list_page(first, length)
            items = tuple(self._told(transaction, watch) for watch in watches)
            return CoveragePage(items, transaction.watches.count())

        return self._store.read(work)

    def get(self, watch_id: int) -> WatchCoverage:
        """Return the coverage of one watch.

        Raises:
            NotFoundError: there is none with this id.
            StoreUnavailableError: the database is away.
        """
        return self._store.read(lambda t: self._told(t, t.watches.get(watch_id)))

    def timelines(self, number: int, length: int) -> TimelinePage:
        """Return the timelines of a page of watches (from 1), oldest watch first.

        Raises:
            StoreUnavailableError: the database is away.
        """

        def work(transaction: Transaction) -> TimelinePage:
            watches = transaction.watches.list_page((number - 1) * length, length)
            return self._timelines(transaction, watches, transaction.watches.count())

        return self._store.read(work)

    def timeline(self, watch_id: int) -> TimelinePage:
        """Return a page with the timeline of one watch.

        Raises:
            NotFoundError: there is none with this id.
            StoreUnavailableError: the database is away.
        """
        return self._store.read(lambda t: self._timelines(t, [t.watches.get(watch_id)], 1))

    def _timelines(
        self, transaction: Transaction, watches: Sequence[Watch], total: int
    ) -> TimelinePage:
        now = self._clock()
        window = Window(now - TIMELINE, now)
        items = (self._timeline(transaction, watch, window) for watch in watches)
        return TimelinePage(window, tuple(items), total)

    def _timeline(self, transaction: Transaction, watch: Watch, window: Window) -> WatchTimeline:
        pending = transaction.ranges.list_pending(watch.watch_id)
        return WatchTimeline(
            watch=watch,
            complete_until=coverage.complete_until(pending, watch.read_until),
            segments=tuple(
                segments(
                    pending,
                    window,
                    began_at=watch.created_at - self._backfill,
                    read_until=watch.read_until,
                )
            ),
        )

    def _told(self, transaction: Transaction, watch: Watch) -> WatchCoverage:
        """Return a watch's coverage, all of it from the transaction's snapshot."""
        now = self._clock()
        pending = transaction.ranges.list_pending(watch.watch_id)
        late = transaction.watches.list_delays(watch.watch_id, now - DELAY_WINDOW, DELAY_AMONG)
        return WatchCoverage(
            watch=watch,
            complete_until=coverage.complete_until(pending, watch.read_until),
            open=tuple(item for item in pending if is_open(item, now)),
            delay=delay_of(late),
        )


def is_open(item: Pending, now: datetime) -> bool:
    """Tell whether a stretch is due to be read, or cannot be: later readings are no gaps."""
    if item.reason is RangeReason.CAP:
        return True
    wanted = item.reading <= Reading.SECOND
    return wanted and item.due_at is not None and item.due_at <= now
