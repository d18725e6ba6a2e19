"""The log of fetches: one line each, for the operator. Nothing decides by it.

A line is written when its fetch is over, in a transaction of its own after the last one of the
fetch. So a line never tells of what did not happen: a process that is killed leaves none (its calls
stand in the ledger all the same), and a fetch that lost its claim, whose own transaction is rolled
back, leaves one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.fetches import FetchCursor, FetchPage

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.fetches import FetchQuery, FetchRecord
    from app.store.store import Store

PRUNED_AT_ONCE = 500
"""Lines a tick drops at most: a transaction of some milliseconds."""

_PRUNED_EVERY = timedelta(hours=1)


class FetchLog:
    """Writes, reads and prunes the log; share one per process.

    Args:
        store: holds it.
        clock: the present.
        keep: how long a line is kept.
    """

    def __init__(self, store: Store, clock: Clock, keep: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._keep = keep
        self._prune_at: datetime | None = None

    def record(self, fetch: FetchRecord) -> None:
        """Log a fetch that is over; one that asked nothing was none.

        Raises:
            StoreUnavailableError: the database is away; the line is lost.
        """
        if fetch.asked:
            self._store.write(lambda transaction: transaction.fetches.add(fetch))

    def page(self, query: FetchQuery) -> FetchPage:
        """Return a page of the log, newest first; one beyond the end is empty.

        Raises:
            StoreUnavailableError: the database is away.
        """
        more_than_asked = query.limit + 1
        found = self._store.read(lambda t: t.fetches.list_around(query, more_than_asked))
        goes_on = len(found) > query.limit
        newer = query.towards_newer
        fetches = tuple(found[-query.limit :] if newer else found[: query.limit])
        if not fetches:
            return FetchPage((), None, None)
        has_older, has_newer = goes_on or newer, goes_on if newer else query.cursor is not None
        return FetchPage(
            fetches,
            next_cursor=FetchCursor(fetches[-1].fetch_id) if has_older else None,
            previous_cursor=FetchCursor(fetches[0].fetch_id, newer=True) if has_newer else None,
        )

    def prune(self) -> None:
        """Drop some outdated lines, if it is time; for every tick to call.

        Raises:
            StoreUnavailableError: the database is away.
        """
        now = self._clock()
        if self._prune_at is not None and now < self._prune_at:
            return
        before = now - self._keep
        dropped = self._store.write(lambda t: t.fetches.prune(before, PRUNED_AT_ONCE))
        self._prune_at = now if dropped == PRUNED_AT_ONCE else now + _PRUNED_EVERY
