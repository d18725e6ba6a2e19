"""Follows what Invidious names for a keyword: asks videos.list about it, stores what that says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import InvidiousError, NoUsableKeyError, SourceError
from app.domain.intake import Finding, LinkReason
from app.domain.quota import Bucket
from app.domain.ranges import floor_second
from app.domain.videos import Source
from app.sources.base import MAX_IDS_PER_CALL, Recency, SuggestionQuery
from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.watches import Watch
    from app.ingest.tail import Tail
    from app.ingest.tally import Tally
    from app.quota.ring import KeyRing
    from app.sources.base import SuggestionSource, VideoSource
    from app.store.store import Store, Transaction

    Trouble = SourceError | NoUsableKeyError

PAGES = 2
"""How many pages of each recency are asked for at most."""

_TIME = timedelta(seconds=10)
"""For how long pages are asked for: a task has 25 seconds."""


class SuggestionReader:
    """Reads what Invidious names for watches; share one per process.

    Args:
        store: knows what a watch has already.
        invidious: what names videos.
        source: what tells them.
        ring: makes the calls of that.
        tail: stores them.
        clock: the present.
    """

    def __init__(
        self,
        *,
        store: Store,
        invidious: SuggestionSource,
        source: VideoSource,
        ring: KeyRing,
        tail: Tail,
        clock: Clock,
    ) -> None:
        self._store = store
        self._invidious = invidious
        self._source = source
        self._ring = ring
        self._tail = tail
        self._clock = clock
        self._log = get_logger(__name__)

    def read(self, watch: Watch, tally: Tally) -> Trouble | None:
        """Store what is new of a watch's term, for one unit at most; return what went wrong.

        Where Invidious fails half-way, what it named till then is stored.

        Raises:
            StoreUnavailableError: the database is away.
        """
        named: list[str] = []
        try:
            self._collect(watch, named, tally)
        except InvidiousError as error:
            return self._store_named(watch, named, tally) or error
        return self._store_named(watch, named, tally)

    def _collect(self, watch: Watch, named: list[str], tally: Tally) -> None:
        """Add the videos that Invidious names and the watch has not.

        First those of the last hour, then of the day, since search shows videos late; either as
        long as a page brings something new.
        """
        until = self._clock() + _TIME
        for recency in Recency:
            for number in range(1, PAGES + 1):
                if self._clock() > until:
                    return
                query = SuggestionQuery(watch.term, recency, number, watch.region)
                new = [it for it in self._unknown(watch, query, tally) if it not in named]
                named += new
                if not new:
                    break

    def _unknown(self, watch: Watch, query: SuggestionQuery, tally: Tally) -> list[str]:
        page = self._invidious.suggest(query)
        tally.pages += 1
        tally.found += len(page.video_ids)
        tally.rejected += len(page.rejected)
        for reason in page.rejected:
            self._log.warning("item_rejected", watch_id=watch.watch_id, reason=reason)
        known = self._store.read(lambda t: t.watches.list_linked(watch.watch_id, page.video_ids))
        return [video_id for video_id in page.video_ids if video_id not in known]

    def _store_named(self, watch: Watch, named: Sequence[str], tally: Tally) -> Trouble | None:
        """Store what videos.list tells of them, except what is older than the watch wants.

        What it leaves out says nothing: Invidious may name what there is not.
        """
        asked = named[:MAX_IDS_PER_CALL]
        if not asked:
            return None
        try:
            batch = self._ring.call(
                Bucket.UNITS, lambda key: self._source.videos(key, asked), tally.spending
            )
        except (SourceError, NoUsableKeyError) as error:
            return error
        begins_at = self._store.read(lambda transaction: _begins_at(transaction, watch))
        recorded = self._tail.commit(
            [
                Finding(video, Source.INVIDIOUS, watch.watch_id, LinkReason.SUGGESTED)
                for video in batch.videos
                if video.published_at >= begins_at
            ]
        )
        tally.added += len(recorded.added)
        tally.updated += len(recorded.updated)
        tally.rejected += len(batch.rejected) + len(recorded.rejected)
        return None


def _begins_at(transaction: Transaction, watch: Watch) -> datetime:
    """Return from when on a watch wants videos: it was made, or has something to read still."""
    pending = transaction.ranges.list_pending(watch.watch_id)
    starts = (item.stretch.starts_at for item in pending)
    return min([floor_second(watch.created_at), watch.read_until, *starts])
