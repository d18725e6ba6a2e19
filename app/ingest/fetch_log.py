"""The log of fetches: one line each, for the operator. Nothing decides by it.

A line is written when its fetch is over, in a transaction of its own after the last one of the
fetch. So a line never tells of what did not happen: a process that is killed leaves none (its calls
stand in the ledger all the same), and a fetch that lost its claim, whose own transaction is rolled
back, leaves one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.logs import log_page
from app.ingest.pruning import Pruning
from app.telemetry import get_logger

if TYPE_CHECKING:
    from datetime import timedelta

    from app.domain.clock import Clock
    from app.domain.fetches import FetchQuery, FetchRecord, LoggedFetch
    from app.domain.logs import LogPage
    from app.store.store import Store


class FetchLog:
    """Writes, reads and prunes the log; share one per process.

    Args:
        store: holds it.
        clock: the present.
        keep: how long a line is kept.
    """

    def __init__(self, store: Store, clock: Clock, keep: timedelta) -> None:
        self._store = store
        self._pruning = Pruning(clock, keep)
        self._log = get_logger(__name__)

    def record(self, fetch: FetchRecord) -> None:
        """Log a fetch that is over; one that asked nothing was none.

        Raises:
            StoreUnavailableError: the database is away; the line is lost.
        """
        if not fetch.asked:
            return
        self._tell(fetch)
        self._store.write(lambda transaction: transaction.fetches.add(fetch))

    def page(self, query: FetchQuery) -> LogPage[LoggedFetch]:
        """Return a page of the log, newest first; one beyond the end is empty.

        Raises:
            StoreUnavailableError: the database is away.
        """
        more_than_asked = query.limit + 1
        found = self._store.read(lambda t: t.fetches.list_around(query, more_than_asked))
        return log_page(found, query.limit, query.cursor, lambda fetch: fetch.fetch_id)

    def prune(self) -> None:
        """Drop some outdated lines, if it is time; for every tick to call.

        Raises:
            StoreUnavailableError: the database is away.
        """
        self._pruning.run(
            lambda before, most: self._store.write(lambda t: t.fetches.prune(before, most))
        )

    def _tell(self, fetch: FetchRecord) -> None:
        self._log.info(
            "fetch_over",
            source=fetch.source,
            purpose=fetch.purpose,
            watch_ids=list(fetch.watch_ids),
            milliseconds=int((fetch.finished_at - fetch.started_at).total_seconds() * 1000),
            pages=fetch.pages,
            search_calls=fetch.search_calls,
            units=fetch.units,
            found=fetch.found,
            added=fetch.added,
            updated=fetch.updated,
            error_code=fetch.error_code,
        )
