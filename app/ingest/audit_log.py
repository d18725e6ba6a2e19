"""The audit log as it is read and pruned; it is written in the transactions that it tells of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.logs import log_page
from app.ingest.pruning import Pruning

if TYPE_CHECKING:
    from datetime import timedelta

    from app.domain.audit import AuditEntry, AuditQuery
    from app.domain.clock import Clock
    from app.domain.logs import LogPage
    from app.store.store import Store


class AuditLog:
    """Reads and prunes the log; share one per process.

    Args:
        store: holds it.
        clock: the present.
        keep: how long an entry is kept.
    """

    def __init__(self, store: Store, clock: Clock, keep: timedelta) -> None:
        self._store = store
        self._pruning = Pruning(clock, keep)

    def page(self, query: AuditQuery) -> LogPage[AuditEntry]:
        """Return a page of the log, newest first; one beyond the end is empty.

        Raises:
            StoreUnavailableError: the database is away.
        """
        found = self._store.read(lambda t: t.audit.list_around(query, query.limit + 1))
        return log_page(found, query.limit, query.cursor, lambda entry: entry.audit_id)

    def prune(self) -> None:
        """Drop some outdated entries, if it is time; for every tick to call.

        Raises:
            StoreUnavailableError: the database is away.
        """
        self._pruning.run(
            lambda before, most: self._store.write(lambda t: t.audit.prune(before, most))
        )
