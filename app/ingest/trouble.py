"""What goes wrong with many polls at once, told once: writes that fail, and polls that fail alike.

It knows of this process only. What one watch suffers stands in the watch.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from app.domain.errors import StoreUnavailableError
from app.domain.feeds import ALL

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.clock import Clock
    from app.store.store import Store
    from app.telemetry import Incidents

WRITES_FAIL = "database_write_failed"
"""The code of the problem that the database refuses to write."""


class WriteTrouble:
    """Whether writes fail while reads do not: since the first that did, until a poll has committed.

    On a full disk reads go on, and small writes may now and then succeed; so neither a read nor a
    claim ends it.
    """

    def __init__(self, store: Store, clock: Clock, incidents: Incidents) -> None:
        self._store = store
        self._clock = clock
        self._incidents = incidents
        self._since: datetime | None = None

    @property
    def since(self) -> datetime | None:
        """When writes began to fail; None while they do not."""
        return self._since

    def begin(self, error: StoreUnavailableError) -> None:
        """Note a write that failed; where reads fail as well, the database is simply away."""
        try:
            self._store.read(lambda transaction: transaction.feed.version(ALL))
        except StoreUnavailableError as absence:
            self._incidents.begin(absence.code, str(absence))
            return
        self._since = self._since or self._clock()
        self._incidents.begin(WRITES_FAIL, str(error))

    def end(self) -> None:
        """Note a poll that committed all it had."""
        self._since = None
        self._incidents.end(WRITES_FAIL)


class PollTrouble:
    """Tells each kind of trouble when the first watch meets it and when the last is rid of it."""

    def __init__(self, incidents: Incidents) -> None:
        self._incidents = incidents
        self._of_watch: dict[int, str] = {}
        self._lock = Lock()

    def begin(
        self, watch_id: int, code: str, detail: str, *, cause: Exception | None = None
    ) -> None:
        """Note a poll that failed; `cause` is logged with its traceback."""
        incident = f"poll_failed:{code}"
        self._replace(watch_id, incident)
        self._incidents.begin(incident, detail, cause=cause)

    def end(self, watch_id: int) -> None:
        """Note a poll that did not fail, or a watch that is no longer ours to poll."""
        self._replace(watch_id, None)

    def _replace(self, watch_id: int, incident: str | None) -> None:
        with self._lock:
            before = self._of_watch.pop(watch_id, None)
            if incident is not None:
                self._of_watch[watch_id] = incident
            over = before is not None and before not in self._of_watch.values()
        if before is not None and over:
            self._incidents.end(before)
