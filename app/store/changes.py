"""Changes as readers see them: visible videos and deletions, by seq, from one snapshot."""

from __future__ import annotations

from heapq import merge
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, or_, select, update

from app.domain.changes import Change
from app.store.feed import FeedRepository
from app.store.feed_version import lock_version
from app.store.models import FeedVersionRow, TombstoneRow, VideoRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from app.domain.changes import Bookmark


class ChangeRepository:
    """Reads changes, and keeps the tombstones among them, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known_from(self) -> int:
        """Return the seq from which on every deletion is still known."""
        return self._connection.execute(select(FeedVersionRow.pruned_seq)).scalar_one()

    def list_after(self, place: Bookmark, upto: int, limit: int) -> list[Change]:
        """Return the first `limit` changes after a bookmark, in the order of seq.

        Args:
            place: what the reader has already.
            upto: the feed version of this snapshot.
            limit: at least 1.
        """
        stored = self._stored(place, limit)
        # Deletions beyond the last of a full page belong to the next one.
        last = stored[-1].seq if len(stored) == limit else upto
        deleted = self._deleted(place.deletions_after, last, limit)
        return list(merge(stored, deleted, key=lambda change: change.seq))[:limit]

    def prune(self, before: datetime, limit: int) -> int:
        """Drop up to `limit` tombstones older than an instant; return how many."""
        lock_version(self._connection)
        old = select(TombstoneRow.video_id, TombstoneRow.seq).where(
            TombstoneRow.deleted_at < before
        )
        rows = self._connection.execute(old.order_by(TombstoneRow.deleted_at).limit(limit)).all()
        if rows:
            pruned = TombstoneRow.video_id.in_([row.video_id for row in rows])
            self._connection.execute(delete(TombstoneRow).where(pruned))
            self._forget_upto(max(row.seq for row in rows))
        return len(rows)

    def _forget_upto(self, seq: int) -> None:
        lower = update(FeedVersionRow).where(FeedVersionRow.pruned_seq < seq)
        self._connection.execute(lower.values(pruned_seq=seq))

    def _stored(self, place: Bookmark, limit: int) -> list[Change]:
        """Return what became of videos that are stored; readers see them, or no longer do."""
        concerns = or_(VideoRow.visible, VideoRow.seq > place.deletions_after)
        changed = select(VideoRow.seq, VideoRow.video_id).where(VideoRow.seq > place.seq, concerns)
        rows = self._connection.execute(changed.order_by(VideoRow.seq).limit(limit)).all()
        shown = FeedRepository(self._connection).find_videos([video_id for _, video_id in rows])
        return [Change(seq, video_id, shown.get(video_id)) for seq, video_id in rows]

    def _deleted(self, after: int, upto: int, limit: int) -> list[Change]:
        same = VideoRow.video_id == TombstoneRow.video_id
        told_since = exists().where(same, VideoRow.seq > TombstoneRow.seq)  # it came back
        deleted = select(TombstoneRow.seq, TombstoneRow.video_id).where(
            TombstoneRow.seq > after, TombstoneRow.seq <= upto, ~told_since
        )
        rows = self._connection.execute(deleted.order_by(TombstoneRow.seq).limit(limit))
        return [Change(seq, video_id, None) for seq, video_id in rows]
