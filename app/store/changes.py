"""Changes as readers see them: visible videos and deletions, by seq, from one snapshot."""

from __future__ import annotations

from heapq import merge
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select, update

from app.domain.changes import Change
from app.store.feed import list_stored
from app.store.feed_version import lock_version
from app.store.models import FeedVersionRow, TombstoneRow, VideoRow
from app.store.rows import select_videos

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection, Select

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
        puts = self._puts(place.seq, limit)
        # Deletions beyond the last put of a full page belong to the next one.
        last = puts[-1].seq if len(puts) == limit else upto
        deletions = self._deletions(place.deletions_after, last, limit)
        return list(merge(puts, deletions, key=lambda change: change.seq))[:limit]

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

    def _puts(self, after: int, limit: int) -> list[Change]:
        visible = select_videos().where(VideoRow.seq > after, VideoRow.hidden_at.is_(None))
        rows = list_stored(self._connection, visible.order_by(VideoRow.seq).limit(limit))
        return [Change(row.seq, row.video.video_id, row) for row in rows]

    def _deletions(self, after: int, upto: int, limit: int) -> Iterator[Change]:
        hidden = select(VideoRow.seq, VideoRow.video_id).where(
            VideoRow.hidden_at.is_not(None), VideoRow.seq > after, VideoRow.seq <= upto
        )
        deleted = select(TombstoneRow.seq, TombstoneRow.video_id).where(
            TombstoneRow.seq > after,
            TombstoneRow.seq <= upto,
            ~exists().where(VideoRow.video_id == TombstoneRow.video_id),  # it came back
        )
        return merge(
            self._gone(hidden.order_by(VideoRow.seq).limit(limit)),
            self._gone(deleted.order_by(TombstoneRow.seq).limit(limit)),
            key=lambda change: change.seq,
        )

    def _gone(self, query: Select[int, str]) -> list[Change]:
        rows = self._connection.execute(query)
        return [Change(seq, video_id, None) for seq, video_id in rows]
