"""Statistics as the web sees them; they may be as old as the replica is behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.errors import InvalidValueError
from app.domain.statistics import CountQuery, Counts, Grain

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.clock import Clock
    from app.store.store import Store, Transaction


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
