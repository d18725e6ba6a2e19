"""The one way out: videos are deleted or hidden, with their links and counts, in one transaction.

Like `Intake` it locks the feed version first, so a removal has its place in the order of changes.
It decides nothing: who calls it has found that a video is gone.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from app.domain.intake import Recorded
from app.store.counts import Counts
from app.store.feed import counted_link
from app.store.feed_version import lock_version, move_feeds, store_version
from app.store.models import TombstoneRow, VideoRow, WatchVideoRow
from app.store.video_texts import delete_texts
from app.store.visibility import list_excluded

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

    Stored = Row[str, str, datetime, datetime | None, bool]


class Removal:
    """Takes videos out; made for one transaction and used once."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._before = lock_version(connection)

    def delete(self, video_ids: Collection[str]) -> Recorded:
        """Delete those of these videos that are stored, and leave a tombstone for each."""
        rows = self._stored(video_ids)
        if not rows:
            return _nothing(self._before)
        gone = [row.video_id for row in rows]
        visible = [row for row in rows if row.visible]
        watches = self._count(visible, -1)
        self._connection.execute(delete(WatchVideoRow).where(WatchVideoRow.video_id.in_(gone)))
        delete_texts(self._connection, gone)
        self._connection.execute(delete(VideoRow).where(VideoRow.video_id.in_(gone)))
        tombstones = [
            {"video_id": video_id, "seq": seq, "deleted_at": self._now}
            for seq, video_id in enumerate(gone, start=self._before + 1)
        ]
        # One that came back after an earlier deletion still has the tombstone of that.
        self._connection.execute(delete(TombstoneRow).where(TombstoneRow.video_id.in_(gone)))
        self._connection.execute(insert(TombstoneRow), tombstones)
        version = self._finish(self._before + len(gone), watches)
        return Recorded(version, (), (), watches, (), deleted=tuple(gone))

    def set_hidden(self, video_id: str, hidden_at: datetime | None) -> Recorded:
        """Take a stored video out of every feed, or put it back, unless all its watches exclude it.

        Its mark among the hidden videos is the caller's business.
        """
        rows = self._stored([video_id])
        if not rows or (hidden_at is None) == (rows[0].hidden_at is None):
            return _nothing(self._before)
        mine = update(VideoRow).where(VideoRow.video_id == video_id)
        self._connection.execute(mine.values(hidden_at=hidden_at))
        visible = hidden_at is None and not list_excluded(self._connection, [video_id])
        if visible == rows[0].visible:
            return _nothing(self._before)
        version = self._before + 1
        seen = mine.values(visible=visible, seq=version, updated_at=self._now)
        self._connection.execute(seen)
        watches = self._count(rows, 1 if visible else -1)
        return Recorded(self._finish(version, watches), (), (video_id,), watches, ())

    def _stored(self, video_ids: Collection[str]) -> list[Stored]:
        row = VideoRow
        query = select(row.video_id, row.channel_id, row.published_at, row.hidden_at, row.visible)
        stored = query.where(row.video_id.in_(video_ids)).order_by(row.video_id)
        return list(self._connection.execute(stored).all())

    def _count(self, rows: list[Stored], difference: int) -> frozenset[int]:
        """Count visible videos in or out of every feed they are in; return those watches."""
        watches = self._watches([row.video_id for row in rows])
        counts = Counts()
        for row in rows:
            counts.add(row.channel_id, row.published_at, watches[row.video_id], difference)
        counts.flush(self._connection)
        return frozenset().union(*watches.values())

    def _watches(self, video_ids: Collection[str]) -> Mapping[str, set[int]]:
        link = WatchVideoRow
        query = select(link.video_id, link.watch_id).where(link.video_id.in_(video_ids))
        watches: dict[str, set[int]] = defaultdict(set)
        for video_id, watch_id in self._connection.execute(query.where(*counted_link())):
            watches[video_id].add(watch_id)
        return watches

    def _finish(self, version: int, watches: frozenset[int]) -> int:
        store_version(self._connection, version)
        move_feeds(self._connection, watches, version)
        return version


def _nothing(version: int) -> Recorded:
    return Recorded(version, (), (), frozenset(), ())
