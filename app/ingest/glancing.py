"""Glances at channels that are asked for and not watched, beside all that is watched.

A tick takes a few that somebody waits for, by moving their due time ahead; what a crash left undone
is due again by itself. What comes of it stays in the glance and goes into no feed (ADR 0013).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import GoneError, NoUsableKeyError, SourceError, StoreUnavailableError
from app.domain.fetches import FetchRecord, FetchSource, Purpose
from app.domain.glances import FRESH, KEPT, UNKNOWN_FOR
from app.domain.quota import Spending
from app.ingest.claims import code_of

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.glances import Glance
    from app.ingest.fetch_log import FetchLog
    from app.ingest.glance_reader import GlanceReader, Listing
    from app.ingest.trouble import WriteTrouble
    from app.store.store import Store

AT_ONCE = 4
"""Glances a tick takes: strangers can make us ask for so many feeds, and no more."""

_IN_HAND = timedelta(minutes=1)
_SOONEST, _LATEST = timedelta(minutes=1), timedelta(hours=1)
_PRUNED_AT_ONCE = 100
_PRUNED_EVERY = timedelta(hours=1)


class Glancing:
    """Gives out what is wanted and fetches it; any number of processes may do so at once."""

    def __init__(
        self,
        *,
        store: Store,
        reader: GlanceReader,
        fetch_log: FetchLog,
        clock: Clock,
        writes: WriteTrouble,
    ) -> None:
        self._store = store
        self._reader = reader
        self._fetch_log = fetch_log
        self._clock = clock
        self._writes = writes
        self._prune_at: datetime | None = None

    def due(self) -> list[str]:
        """Let go of what nobody asks for, then give out channels that somebody waits for: a tick.

        Where nobody waits, nothing is written.
        """
        try:
            self._prune()
            return self._take()
        except StoreUnavailableError as error:
            self._writes.begin(error)
            return []

    def run(self, channel_id: str) -> None:
        """Look at a channel; what goes wrong stands in the log of fetches."""
        try:
            self._look_at(channel_id)
        except StoreUnavailableError as error:
            self._writes.begin(error)

    def _take(self) -> list[str]:
        now = self._clock()
        due = self._store.read(lambda t: t.glances.list_due(now, AT_ONCE))
        return [name for name in due if self._claim(name, now)]

    def _claim(self, channel_id: str, now: datetime) -> bool:
        return self._store.write(lambda t: t.glances.claim(channel_id, now, now + _IN_HAND))

    def _look_at(self, channel_id: str) -> None:
        before = self._store.read(lambda transaction: transaction.glances.find(channel_id))
        if before is None:
            return  # others were asked for more recently
        spending, began_at = Spending(), self._clock()
        try:
            listing = self._reader.read(before, spending)
        except (SourceError, NoUsableKeyError) as error:
            now = self._clock()
            self._put(_unknown(before, now) if _is_gone(error) else _failed(before, error, now))
            self._fetch_log.record(_failed_record(error, spending, began_at, now))
        else:
            self._put(_seen(before, listing, began_at))
            self._fetch_log.record(_record(listing, spending, began_at, self._clock()))

    def _put(self, glance: Glance) -> None:
        self._store.write(lambda transaction: transaction.glances.put(glance))

    def _prune(self) -> None:
        now = self._clock()
        if self._prune_at is not None and now < self._prune_at:
            return
        pruned = self._store.write(lambda t: t.glances.prune(now - KEPT, _PRUNED_AT_ONCE))
        self._prune_at = now if pruned == _PRUNED_AT_ONCE else now + _PRUNED_EVERY


def _seen(before: Glance, listing: Listing, now: datetime) -> Glance:
    """Return the glance after a listing; what fell short is not asked for again at once."""
    enough = listing.reach >= before.wanted
    return replace(
        before,
        wanted=0,
        next_try_at=now if enough else now + FRESH,
        fetched_at=now,
        reach=listing.reach,
        source=listing.source,
        completed_at=listing.completed_at,
        gone_until=None,
        failing_since=None,
        videos=listing.videos,
    )


def _unknown(before: Glance, now: datetime) -> Glance:
    """Return the glance after YouTube said that there is no such channel."""
    until = now + UNKNOWN_FOR
    gone = replace(before, wanted=0, next_try_at=until, gone_until=until, failing_since=None)
    return replace(gone, fetched_at=None, completed_at=None, reach=0, videos=())


def _failed(before: Glance, error: SourceError | NoUsableKeyError, now: datetime) -> Glance:
    """Wait as long as it has been failing, so the waits double; then somebody must want it anew."""
    since = before.failing_since or now
    asked = error.retry_after if isinstance(error, SourceError) else None
    wait = max(_SOONEST, min(_LATEST, now - since), timedelta(seconds=asked or 0))
    return replace(before, wanted=0, next_try_at=now + wait, failing_since=since)


def _is_gone(error: SourceError | NoUsableKeyError) -> bool:
    return isinstance(error, GoneError)


def _record(
    listing: Listing, spending: Spending, began_at: datetime, ended_at: datetime
) -> FetchRecord:
    return FetchRecord(
        source=FetchSource(listing.source.value),
        purpose=Purpose.ON_DEMAND,
        watch_ids=(),
        stretch=None,
        started_at=began_at,
        finished_at=ended_at,
        pages=1,
        units=spending.units,
        found=len(listing.videos),
        rejected=listing.rejected,
    )


def _failed_record(
    error: SourceError | NoUsableKeyError,
    spending: Spending,
    began_at: datetime,
    ended_at: datetime,
) -> FetchRecord:
    return FetchRecord(
        source=FetchSource.UPLOADS if spending.units else FetchSource.RSS,
        purpose=Purpose.ON_DEMAND,
        watch_ids=(),
        stretch=None,
        started_at=began_at,
        finished_at=ended_at,
        units=spending.units,
        error_code=code_of(error),
        error_detail=str(error),
    )
