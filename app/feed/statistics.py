"""Statistics as the web sees them; they may be as old as the replica is behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.coverage import delay_of
from app.domain.errors import InvalidValueError
from app.domain.statistics import CountQuery, Counts, DayDelay, Grain

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.coverage import Delay
    from app.store.store import Store, Transaction


DELAY_DAYS = 14
DELAY_AMONG = 1_000
"""The late ones among the newest so many videos of a day tell its delay."""


class Statistics:
    """Reads counts; changes nothing."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def counts(
        self,
        grain: Grain,
        after: datetime | None,
        before: datetime | None,
        watch_id: int | None,
    ) -> Counts:
        """Return how many videos were published in each hour or day.

        Without ends it is the last 48 hours or 30 days; an instant stands for its hour or day.

        Raises:
            InvalidValueError: the ends are the wrong way round, or too far apart.
            NotFoundError: there is no such watch.
            StoreUnavailableError: the database is away.
        """
        query = _query(grain, after, before, watch_id, self._clock())

        def work(transaction: Transaction) -> Counts:
            if watch_id is not None:
                transaction.watches.get(watch_id)
            return transaction.statistics.counts(query)

        return self._store.read_replica(work)

    def delays(self, watch_id: int | None) -> tuple[DayDelay, ...]:
        """Return how late search showed videos, for each of the last days, the oldest first.

        Raises:
            NotFoundError: there is no such watch.
            StoreUnavailableError: the database is away.
        """
        today = Grain.DAY.floor(self._clock())
        days = [today - number * Grain.DAY.length for number in reversed(range(DELAY_DAYS))]

        def work(transaction: Transaction) -> tuple[DayDelay, ...]:
            if watch_id is not None:
                transaction.watches.get(watch_id)
            return tuple(DayDelay(day, _delay(transaction, day, watch_id)) for day in days)

        return self._store.read_replica(work)


def _delay(transaction: Transaction, day: datetime, watch_id: int | None) -> Delay:
    after = day + Grain.DAY.length
    return delay_of(transaction.statistics.list_delays(day, after, watch_id, DELAY_AMONG))


def _query(
    grain: Grain,
    after: datetime | None,
    before: datetime | None,
    watch_id: int | None,
    now: datetime,
) -> CountQuery:
    span = (grain.usual - 1) * grain.length
    try:
        if before is None:
            before = now if after is None or after <= now else after
        last_at = grain.floor(before)
        first_at = grain.floor(after) if after is not None else last_at - span
    except OverflowError:
        raise InvalidValueError("the time asked for begins before the year 1") from None
    if first_at > last_at:
        raise InvalidValueError("published_after is later than published_before")
    if (last_at - first_at) // grain.length >= grain.most:
        raise InvalidValueError(f"at most {grain.most} {grain.value}s may be asked for at once")
    return CountQuery(grain, first_at, last_at, watch_id)
