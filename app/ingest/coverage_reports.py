"""Tells how far each watch has been read, what is open and how late search was."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from app.domain.coverage import Delay, WatchCoverage
from app.domain.ranges import RangeReason, Reading
from app.ingest import coverage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.ranges import Pending
    from app.store.store import Store, Transaction

DELAY_SAMPLES = 500
DELAY_WINDOW = timedelta(days=30)
"""The latest so many late videos of a watch, published within the window, tell its delay."""


class CoverageReports:
    """Reads coverage; changes nothing."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def list_all(self) -> list[WatchCoverage]:
        """Return the coverage of every watch, oldest watch first, from one snapshot.

        Raises:
            StoreUnavailableError: the database is away.
        """
        now = self._clock()
        since = now - DELAY_WINDOW

        def work(transaction: Transaction) -> list[WatchCoverage]:
            pending = transaction.ranges.list_all()
            return [
                WatchCoverage(
                    watch=watch,
                    complete_until=coverage.complete_until(
                        pending.get(watch.watch_id, ()), watch.read_until
                    ),
                    open=tuple(p for p in pending.get(watch.watch_id, ()) if _is_open(p, now)),
                    delay=_delay(
                        transaction.watches.list_delays(watch.watch_id, since, DELAY_SAMPLES)
                    ),
                )
                for watch in transaction.watches.list_all()
            ]

        return self._store.read(work)


def _is_open(item: Pending, now: datetime) -> bool:
    if item.reason is RangeReason.CAP:
        return True
    wanted = item.reading <= Reading.SECOND
    return wanted and item.due_at is not None and item.due_at <= now


def _delay(seconds: Sequence[int]) -> Delay:
    ordered = sorted(seconds)
    return Delay(len(ordered), _quantile(ordered, 0.5), _quantile(ordered, 0.95))


def _quantile(ordered: Sequence[int], part: float) -> int | None:
    return ordered[ceil(part * len(ordered)) - 1] if ordered else None
