"""Reading the feed: pages by seek, totals by counts, single videos."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, or_, select

from app.domain.errors import NotFoundError
from app.domain.videos import Source, StoredVideo
from app.store import hour_counts
from app.store.feed_version import read_version
from app.store.models import ALL_VIDEOS, VideoRow, WatchRow, WatchVideoRow
from app.store.rows import select_videos, told_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row, Select
    from sqlalchemy.orm import InstrumentedAttribute

    from app.domain.feeds import Cursor, Feed, Position

    Query = Select[tuple[object, ...]]
    Instants = InstrumentedAttribute[datetime]
    Ids = InstrumentedAttribute[str]


class FeedRepository:
    """Reads pages of feeds within one transaction; hidden videos are nowhere in them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def version(self, feed: Feed) -> int:
        """Return the seq at which the feed last changed.

        Raises:
            NotFoundError: the feed's watch does not exist.
        """
        if feed.watch_id is None:
            return read_version(self._connection)
        query = select(WatchRow.feed_seq).where(WatchRow.watch_id == feed.watch_id)
        version = self._connection.execute(query).scalar_one_or_none()
        if version is None:
            raise NotFoundError(f"there is no watch {feed.watch_id}")
        return version

    def total(self, feed: Feed) -> int | None:
        """Return the number of videos in the feed; None for a channel's, which is not counted."""
        if feed.channel_id is not None:
            return None
        return hour_counts.total(self._connection, _scope(feed))

    def list_from_row(self, feed: Feed, row_number: int, limit: int) -> list[StoredVideo]:
        """Return up to `limit` videos, newest first, from a row number on (0 = newest)."""
        if feed.channel_id is not None or row_number == 0:
            return self._list(_in_order(feed).limit(limit).offset(row_number))
        seek = hour_counts.seek(self._connection, _scope(feed), row_number)
        if seek is None:
            return []
        published_at, _ = _place(feed)
        query = _in_order(feed).where(published_at < seek.before)
        return self._list(query.limit(limit).offset(seek.skip))

    def list_from_cursor(self, feed: Feed, cursor: Cursor, limit: int) -> list[StoredVideo]:
        """Return up to `limit` videos beyond the cursor, newest first in both directions."""
        published_at, video_id = _place(feed)
        if not cursor.newer:
            older = _before(published_at, video_id, cursor.position)
            return self._list(_in_order(feed).where(older).limit(limit))
        newer = _after(published_at, video_id, cursor.position)
        query = _in_order(feed).order_by(None).where(newer)
        return self._list(query.order_by(published_at, video_id).limit(limit))[::-1]

    def find_video(self, video_id: str) -> StoredVideo | None:
        """Return a visible video by its id."""
        visible = and_(VideoRow.video_id == video_id, VideoRow.hidden_at.is_(None))
        return next(iter(self._list(select_videos().where(visible))), None)

    def _list(self, query: Query) -> list[StoredVideo]:
        return list_stored(self._connection, query)


def list_stored(connection: Connection, query: Query) -> list[StoredVideo]:
    """Run a query of `select_videos` and return its videos with the watches they belong to."""
    rows = connection.execute(query).all()
    watches = _watches(connection, [row.video_id for row in rows])
    return [_stored(row, watches[row.video_id]) for row in rows]


def counted_link(link: type[WatchVideoRow] = WatchVideoRow) -> Iterable[ColumnElement[bool]]:
    """Name the links that put a video into its watch's feed and counts."""
    return link.uncertain.is_(False), link.excluded_by.is_(None)


def _watches(connection: Connection, video_ids: Sequence[str]) -> dict[str, list[int]]:
    link = WatchVideoRow
    query = (
        select(link.video_id, link.watch_id)
        .where(link.video_id.in_(video_ids), *counted_link())
        .order_by(link.watch_id)
    )
    watches: dict[str, list[int]] = defaultdict(list)
    for video_id, watch_id in connection.execute(query) if video_ids else ():
        watches[video_id].append(watch_id)
    return watches


def _scope(feed: Feed) -> int:
    return ALL_VIDEOS if feed.watch_id is None else feed.watch_id


def _place(feed: Feed) -> tuple[Instants, Ids]:
    """Name the columns a feed is ordered by: those its index begins with."""
    if feed.watch_id is not None:
        return WatchVideoRow.published_at, WatchVideoRow.video_id
    return VideoRow.published_at, VideoRow.video_id


def _in_order(feed: Feed) -> Query:
    published_at, video_id = _place(feed)
    query = select_videos().where(VideoRow.hidden_at.is_(None))
    if feed.channel_id is not None:
        query = query.where(VideoRow.channel_id == feed.channel_id)
    if feed.watch_id is not None:
        links = WatchVideoRow.video_id == VideoRow.video_id
        query = query.join(WatchVideoRow, links).where(
            WatchVideoRow.watch_id == feed.watch_id, *counted_link()
        )
    return query.order_by(published_at.desc(), video_id.desc())


def _before(published_at: Instants, video_id: Ids, place: Position) -> ColumnElement[bool]:
    """Seek older; written out because MariaDB uses no index for a row-value comparison."""
    at = place.published_at
    return and_(published_at <= at, or_(published_at < at, video_id < place.video_id))


def _after(published_at: Instants, video_id: Ids, place: Position) -> ColumnElement[bool]:
    at = place.published_at
    return and_(published_at >= at, or_(published_at > at, video_id > place.video_id))


def _stored(row: Row[tuple[object, ...]], watches: Sequence[int]) -> StoredVideo:
    return StoredVideo(
        video=told_by(row),
        source=Source(row.source),
        watches=tuple(watches),
        fetched_at=row.fetched_at,
        updated_at=row.updated_at,
        seq=row.seq,
    )
