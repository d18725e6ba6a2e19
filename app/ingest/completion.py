"""Completion: what search tells in part, videos.list tells in full, 50 ids for one unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.errors import NoUsableKeyError, SourceError
from app.domain.quota import Bucket
from app.domain.videos import Detail, disagrees
from app.ingest.refreshing import is_credible
from app.sources.base import MAX_IDS_PER_CALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.clock import Clock
    from app.domain.quota import Spending
    from app.domain.videos import Video
    from app.ingest.tail import Tail
    from app.quota.ring import KeyRing
    from app.sources.base import VideoSource
    from app.store.store import Store, Transaction
    from app.telemetry import Incidents


@dataclass(frozen=True, slots=True)
class Completed:
    """What videos.list said: the videos it told, and the ids it left out."""

    videos: tuple[Video, ...] = ()
    missing: frozenset[str] = frozenset()


class Completion:
    """Asks for full tellings and never fails a poll: what is not completed now is later."""

    def __init__(
        self,
        store: Store,
        source: VideoSource,
        ring: KeyRing,
        tail: Tail,
        *,
        incidents: Incidents,
        clock: Clock,
    ) -> None:
        self._store = store
        self._source = source
        self._ring = ring
        self._tail = tail
        self._incidents = incidents
        self._clock = clock

    def of_page(self, videos: Sequence[Video], spending: Spending | None = None) -> Completed:
        """Complete those videos of a page that are new, incomplete or said to have changed."""
        ids = [video.video_id for video in videos]
        stored = self._store.read(lambda transaction: transaction.videos.list_told(ids))
        owed = [v.video_id for v in videos if _is_owed(stored.get(v.video_id), v)]
        return self._ask(owed, spending)

    def of_listing(self, videos: Sequence[Video], spending: Spending | None = None) -> Completed:
        """Complete those videos of a channel's listing that are new, or incomplete and not missing.

        A channel is listed so often that what merely seems changed would cost units all day: it is
        asked about only where a call is made anyway, or when its refresh is due.
        """
        ids = [video.video_id for video in videos]
        now = self._clock()

        def work(transaction: Transaction) -> tuple[dict[str, Video], list[str]]:
            stored = transaction.videos.list_told(ids)
            return stored, transaction.videos.list_missing(ids, now)

        stored, missing = self._store.read(work)
        owed = [v.video_id for v in videos if _is_owed(stored.get(v.video_id), v)]
        lacking = [i for i in owed if i not in missing and not _is_full(stored.get(i))]
        return self._ask(owed, spending) if lacking else Completed()

    def catch_up(self, spending: Spending | None = None) -> None:
        """Complete some of the videos that earlier attempts left incomplete."""
        ids = self._store.read(lambda t: t.videos.list_incomplete(MAX_IDS_PER_CALL))
        completed = self._ask(ids, spending)
        if completed.videos or completed.missing:
            self._tail.refresh(completed.videos, absent=completed.missing)

    def _ask(self, ids: Sequence[str], spending: Spending | None) -> Completed:
        asked = ids[:MAX_IDS_PER_CALL]
        if not asked:
            return Completed()
        try:
            batch = self._ring.call(
                Bucket.UNITS, lambda key: self._source.videos(key, asked), spending
            )
        except (SourceError, NoUsableKeyError) as error:
            self._incidents.begin("completion_failed", str(error))
            return Completed()
        missing = frozenset(asked) - {video.video_id for video in batch.videos}
        if not is_credible(asked=len(asked), absent=len(missing), unreadable=len(batch.rejected)):
            # So much is not missing: the answer is bad. What it did tell is as good as ever.
            detail = f"YouTube told {len(batch.videos)} of {len(asked)} videos"
            self._incidents.begin("completion_failed", detail)
            return Completed(batch.videos)
        self._incidents.end("completion_failed")
        return Completed(batch.videos, missing)


def _is_owed(stored: Video | None, told: Video) -> bool:
    return not _is_full(stored) or (stored is not None and disagrees(stored, told))


def _is_full(stored: Video | None) -> bool:
    return stored is not None and stored.detail is Detail.FULL
