"""Refreshing: what is stored is asked about again, taken over, and deleted when it is gone.

A tick takes videos that are due, by moving their due time a lease ahead; so what a crash or an
error left undone is due again by itself. How often which video is due stands in
`domain/refreshing.py`, how much is spent in `refreshing.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import (
    NoUsableKeyError,
    SourceError,
    StoreUnavailableError,
    UpstreamError,
)
from app.domain.fetches import FetchRecord, FetchSource, Purpose
from app.domain.quota import Bucket, Spending
from app.domain.refreshing import DELETED_AFTER
from app.ingest import refreshing
from app.ingest.claims import code_of
from app.sources.base import MAX_IDS_PER_CALL
from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from app.domain.clock import Clock
    from app.ingest.fetch_log import FetchLog
    from app.ingest.tail import Tail
    from app.ingest.trouble import WriteTrouble
    from app.quota.ring import KeyRing
    from app.sources.base import VideoSource
    from app.store.store import Store, Transaction
    from app.telemetry import Incidents

    Batch = tuple[str, ...]

LEASE = timedelta(minutes=10)
"""When a video that was given out is due again if nothing came of it."""

TOMBSTONES_KEPT = timedelta(days=30)

_AT_ONCE = 500
_DELETIONS_PER_TICK = 4
_PRUNED_EVERY = timedelta(hours=1)


@dataclass
class Refreshed:
    """What came of a refresh.

    Args:
        asked: videos asked about.
        told: videos that were told.
        updated: videos whose readers see a change.
        missing: videos that were left out; they are asked about again a day later.
        deleted: videos that were left out for the second time.
    """

    asked: int = 0
    told: int = 0
    updated: int = 0
    missing: int = 0
    deleted: int = 0

    def add(self, other: Refreshed) -> None:
        """Count another refresh in."""
        self.asked += other.asked
        self.told += other.told
        self.updated += other.updated
        self.missing += other.missing
        self.deleted += other.deleted


class Refresher:
    """Gives out what is due and refreshes it; any number of processes may do so at once."""

    def __init__(
        self,
        *,
        store: Store,
        source: VideoSource,
        ring: KeyRing,
        tail: Tail,
        fetch_log: FetchLog,
        clock: Clock,
        incidents: Incidents,
        writes: WriteTrouble,
    ) -> None:
        self._store = store
        self._source = source
        self._ring = ring
        self._tail = tail
        self._fetch_log = fetch_log
        self._clock = clock
        self._incidents = incidents
        self._writes = writes
        self._prune_at: datetime | None = None
        self._log = get_logger(__name__)

    def due(self) -> list[Batch]:
        """Delete what may not be kept, then give out what is due, as far as units allow: a tick."""
        try:
            self._delete_unrefreshed()
            self._prune_tombstones()
            return self._take()
        except StoreUnavailableError as error:
            self._writes.begin(error)
            return []

    def run(self, batch: Sequence[str]) -> None:
        """Refresh up to 50 videos; what goes wrong is told once, and they are due again later."""
        try:
            self.refresh(batch)
        except (SourceError, NoUsableKeyError) as error:
            self._incidents.begin("refresh_failed", str(error))
        except StoreUnavailableError as error:
            self._writes.begin(error)
        else:
            self._incidents.end("refresh_failed")

    def refresh(self, batch: Sequence[str]) -> Refreshed:
        """Ask about up to 50 videos once and take the answer over.

        Raises:
            NoUsableKeyError: no call can be made.
            SourceError: YouTube failed, or left out more than can be true; what it told is stored.
            StoreUnavailableError: the database is away; nothing was stored.
        """
        started_at, spending, done = self._clock(), Spending(), Refreshed(asked=len(batch))
        try:
            self._ask(batch, spending, done)
        except (SourceError, NoUsableKeyError) as error:
            self._note(started_at, spending, done, error)
            raise
        self._note(started_at, spending, done, None)
        if done.updated or done.missing:
            details = {"updated": done.updated, "missing": done.missing, "deleted": done.deleted}
            self._log.info("refresh_done", asked=done.asked, **details)
        return done

    def due_now(self) -> Iterator[Batch]:
        """Give out everything that is due by now, whatever is left for other purposes.

        Raises:
            StoreUnavailableError: the database is away.
        """
        due_at = self._clock()
        while batch := self._store.write(lambda t: self._claim(t, due_at, MAX_IDS_PER_CALL)):
            yield batch[0]

    def everything(self) -> Iterator[Batch]:
        """Give out all that is stored.

        Raises:
            StoreUnavailableError: the database is away.
        """
        last = ""
        while batch := self._list_ids(last):
            yield tuple(batch)
            last = batch[-1]

    def _list_ids(self, after: str) -> list[str]:
        return self._store.read(lambda t: t.videos.list_ids(after, MAX_IDS_PER_CALL))

    def _ask(self, batch: Sequence[str], spending: Spending, done: Refreshed) -> None:
        answer = self._ring.call(
            Bucket.UNITS, lambda key: self._source.videos(key, batch), spending
        )
        told = {video.video_id for video in answer.videos}
        absent = [video_id for video_id in batch if video_id not in told]
        credible = refreshing.is_credible(
            asked=len(batch), absent=len(absent), unreadable=len(answer.rejected)
        )
        recorded = self._tail.refresh(answer.videos, absent=absent if credible else ())
        done.told, done.updated = len(told), len(recorded.updated)
        if credible:
            done.missing, done.deleted = len(absent), len(recorded.deleted)
            return
        self._postpone(absent)
        raise UpstreamError(f"YouTube told {len(told)} of {len(batch)} videos")

    def _postpone(self, absent: Sequence[str]) -> None:
        now = self._clock()
        due_at = refreshing.asked_again_apart(absent, now)
        self._store.write(lambda t: t.videos.postpone_refresh(due_at, now + LEASE))

    def _take(self) -> list[Batch]:
        now = self._clock()
        next_at = self._store.read(lambda transaction: transaction.videos.next_refresh_at())
        if next_at is None or next_at > now:
            return []
        left, limit = self._ring.usable(Bucket.UNITS)
        calls = refreshing.calls_allowed(left=left, limit=limit, now=now)
        if not calls:
            return []
        return self._store.write(lambda t: self._claim(t, now, calls * MAX_IDS_PER_CALL))

    def _claim(self, transaction: Transaction, due_at: datetime, limit: int) -> list[Batch]:
        transaction.stand_in_line()
        leased_until = self._clock() + LEASE
        due = transaction.videos.claim_refresh(due_at, leased_until, limit)
        batches = refreshing.batches(due, MAX_IDS_PER_CALL)
        if batches and len(batches[-1]) < MAX_IDS_PER_CALL:
            # Enough, even if all that the batch holds is among them.
            others = transaction.videos.list_last_refreshed(2 * MAX_IDS_PER_CALL)
            batches[-1] = refreshing.filled(batches[-1], others, MAX_IDS_PER_CALL)
        return batches

    def _delete_unrefreshed(self) -> None:
        before = self._clock() - DELETED_AFTER
        oldest = self._store.read(lambda transaction: transaction.videos.oldest_refresh_at())
        if oldest is None or oldest > before:
            return
        for _ in range(_DELETIONS_PER_TICK):
            deleted = self._tail.delete_unrefreshed(before, _AT_ONCE).deleted
            if deleted:
                self._log.warning("unrefreshed_deleted", videos=len(deleted))
            if len(deleted) < _AT_ONCE:
                return

    def _prune_tombstones(self) -> None:
        now = self._clock()
        if self._prune_at is not None and now < self._prune_at:
            return
        before = now - TOMBSTONES_KEPT
        pruned = self._store.write(lambda t: t.changes.prune(before, _AT_ONCE))
        self._prune_at = now if pruned == _AT_ONCE else now + _PRUNED_EVERY

    def _note(
        self,
        started_at: datetime,
        spending: Spending,
        done: Refreshed,
        error: SourceError | NoUsableKeyError | None,
    ) -> None:
        fetch = FetchRecord(
            source=FetchSource.VIDEOS,
            purpose=Purpose.REFRESH,
            watch_ids=(),
            stretch=None,
            started_at=started_at,
            finished_at=self._clock(),
            pages=1 if done.told else 0,
            units=spending.units,
            found=done.told,
            updated=done.updated,
            error_code=code_of(error) if error else None,
            error_detail=str(error) if error else None,
        )
        self._fetch_log.record(fetch)
