"""The fallback of search: where its calls are used up, Invidious names videos for keywords.

It closes no range and proves nothing: all is still to be read by searches. A tick takes a keyword
by the mark that packed readings have, too; a turn that dies is made up for by the next.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import SourceError, StoreUnavailableError
from app.domain.fetches import FetchRecord, FetchSource, Purpose
from app.domain.quota import Bucket
from app.domain.watches import WatchKind
from app.ingest.claims import code_of
from app.ingest.tally import Tally, record_of
from app.telemetry import get_logger

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.watches import ActiveWatch, Watch
    from app.ingest.fetch_log import FetchLog
    from app.ingest.suggestions import SuggestionReader, Trouble
    from app.ingest.trouble import WriteTrouble
    from app.quota.ring import KeyRing
    from app.store.store import Store, Transaction
    from app.telemetry import Incidents

KEYWORD_EVERY = timedelta(minutes=15)
"""How often each keyword has its turn at most."""

TURN_EVERY = timedelta(seconds=40)
"""How often any has: with at most four pages a turn that is six requests a minute."""

UNITS_KEPT = 0.5
"""The part of the day's units that is left to channels, completion and refreshes."""

_SOONEST, _LATEST = timedelta(minutes=1), timedelta(hours=1)


class SearchFallback:
    """Takes keywords that have their turn and asks for them; any number of processes may do so.

    Each finds out for itself that Invidious is in trouble; the turns bound what all of them ask.

    Args:
        store: holds the watches.
        reader: asks for one of them; None if there is no Invidious, so nothing is ever due.
        ring: knows whether search is out of calls.
        fetch_log: told of every turn.
        clock: the present.
        incidents: told when turns fail and when that is over.
        writes: told when the database refuses to write.
    """

    def __init__(
        self,
        *,
        store: Store,
        reader: SuggestionReader | None,
        ring: KeyRing,
        fetch_log: FetchLog,
        clock: Clock,
        incidents: Incidents,
        writes: WriteTrouble,
    ) -> None:
        self._store = store
        self._reader = reader
        self._ring = ring
        self._fetch_log = fetch_log
        self._clock = clock
        self._incidents = incidents
        self._writes = writes
        self._failing_since: datetime | None = None
        self._rests_until: datetime | None = None
        self._incident: str | None = None
        self._log = get_logger(__name__)

    def due(self) -> list[int]:
        """Take the keyword whose turn it is, if search is out of calls: a tick."""
        if self._reader is None:
            return []
        try:
            return self._store.write(self._take) if self._is_wanted() else []
        except StoreUnavailableError as error:
            self._writes.begin(error)
            return []

    def run(self, watch_id: int) -> None:
        """Ask for a keyword that was taken; what goes wrong is told once, and there is a rest."""
        if self._reader is None:
            return
        try:
            for watch in self._store.read(lambda t: t.watches.list_by_id([watch_id])):
                if not watch.paused and self._is_wanted():
                    self._ask_for(watch, self._reader)
        except StoreUnavailableError as error:
            self._writes.begin(error)

    def _is_wanted(self) -> bool:
        """Tell whether search has no calls left while videos.list has plenty.

        Keys that are out of use make neither, and what Invidious names is worth nothing then.
        """
        now = self._clock()
        # Later than any rest ends: the clock was set back, and what it said is void.
        resting = self._rests_until is not None and now < self._rests_until <= now + _LATEST
        if resting or self._ring.trouble(Bucket.SEARCH) is None:
            return False
        left, limit = self._ring.usable(Bucket.UNITS)
        return left > UNITS_KEPT * limit

    def _take(self, transaction: Transaction) -> list[int]:
        """Take the keyword that has waited longest for its turn, unless one had it just now."""
        now = self._clock()
        transaction.stand_in_line()  # nobody else takes one meanwhile
        active = transaction.watches.list_active(now)
        waits = [(_wait(it, now), it) for it in active if it.kind is WatchKind.KEYWORD]
        if any(wait < TURN_EVERY for wait, _ in waits):
            return []
        overdue = {it.watch_id: wait - _every(it) for wait, it in waits if wait >= _every(it)}
        if not overdue:
            return []
        longest = max(overdue, key=lambda watch_id: overdue[watch_id])
        transaction.watches.pack([longest], now)
        return [longest]

    def _ask_for(self, watch: Watch, reader: SuggestionReader) -> None:
        now = self._clock()
        tally = Tally()
        trouble = reader.read(watch, tally)
        begun = FetchRecord(
            source=FetchSource.INVIDIOUS,
            purpose=Purpose.POLL,
            watch_ids=(watch.watch_id,),
            stretch=None,
            started_at=now,
            finished_at=now,
        )
        self._fetch_log.record(record_of(begun, tally, trouble, self._clock()))
        self._tell(trouble)
        if trouble is not None:
            self._rest(trouble)
            return
        self._failing_since = None
        if tally.added:
            self._log.info("fallback_done", watch_id=watch.watch_id, added=tally.added)

    def _rest(self, trouble: Trouble) -> None:
        """Ask nothing for as long as it has been failing, so the waits double."""
        now = self._clock()
        self._failing_since = self._failing_since or now
        asked = trouble.retry_after if isinstance(trouble, SourceError) else None
        wait = max(_SOONEST, now - self._failing_since, timedelta(seconds=asked or 0))
        self._rests_until = now + min(_LATEST, wait)

    def _tell(self, trouble: Trouble | None) -> None:
        incident = None if trouble is None else f"fallback_failed:{code_of(trouble)}"
        if self._incident not in (None, incident):
            self._incidents.end(self._incident)
        if incident is not None:
            self._incidents.begin(incident, str(trouble))
        self._incident = incident


def _wait(watch: ActiveWatch, now: datetime) -> timedelta:
    """Return how long ago a keyword had a turn of this or of packed readings.

    What is later than now was written by a clock that was ahead, and says nothing.
    """
    taken_at = watch.packed_at
    return now - taken_at if taken_at is not None and taken_at <= now else timedelta.max


def _every(watch: ActiveWatch) -> timedelta:
    return max(KEYWORD_EVERY, timedelta(seconds=watch.min_interval_seconds or 0))
