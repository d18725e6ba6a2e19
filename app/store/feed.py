"""Reading the feed: pages by seek, totals by counts, single videos."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, or_, select

from app.domain.errors import NotFoundError
from app.domain.feeds import EVERYTHING
from app.domain.videos import Source, StoredVideo
from app.store.feed_version import read_version
from app.store.full_text import Walk, find_places
from app.store.models import REMOVED, VideoRow, WatchRow, WatchVideoRow
from app.store.row_numbers import RowNumbers
from app.store.rows import select_videos, told_by

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row, Select, SQLColumnExpression
    from sqlalchemy.orm import InstrumentedAttribute

    from app.domain.feeds import Cursor, Feed, Position, Selection
    from app.domain.text_query import TextQuery
    from app.store.row_numbers import Window

    Query = Select[tuple[object, ...]]
    Places = Select[datetime, str]
    Instants = InstrumentedAttribute[datetime]
    Ids = InstrumentedAttribute[str]


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search found; it came as far as `edge` if it stopped before its end."""

    rows: Sequence[StoredVideo]
    edge: Position | None = None


class FeedRepository:
    """Reads pages of feeds within one transaction; what is not visible is nowhere in them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def version(self, feed: Feed) -> int:
        """Return the seq at which the feed last changed.

        Raises:
            NotFoundError: the feed's watch does not exist.
        """
        if feed.watch_id is None:
            return read_version(self._connection)
        there = WatchRow.watch_id == feed.watch_id, WatchRow.kind != REMOVED
        query = select(WatchRow.feed_seq).where(*there)
        version = self._connection.execute(query).scalar_one_or_none()
        if version is None:
            raise NotFoundError(f"there is no watch {feed.watch_id}")
        return version

    def window(self, feed: Feed, selection: Selection = EVERYTHING) -> Window | None:
        """Return which rows of the feed are wanted; None if that is not told by counts alone."""
        if not _is_counted(selection):
            return None
        return self._row_numbers(feed).window(*_ends(selection))

    def total(self, feed: Feed) -> int:
        """Return the number of the feed's videos."""
        return self._row_numbers(feed).total()

    def list_from_row(
        self,
        feed: Feed,
        row_number: int,
        limit: int,
        selection: Selection = EVERYTHING,
        *,
        oldest_first: bool = False,
        window: Window | None = None,
    ) -> list[StoredVideo]:
        """Return up to `limit` videos from a row number on (0 = the first of the order).

        Where videos are counted, at most the rows of one hour (of a channel: one month) are walked
        over; else all before. `window` is the selection's, if it is known already. What the
        selection wants of texts is left to `search`.
        """
        if row_number > 0 and _is_counted(selection):
            window = window or self._row_numbers(feed).window(*_ends(selection))
            return self._list_counted(feed, row_number, limit, window, oldest_first=oldest_first)
        wanted = _places(feed, selection)
        return self._list(feed, wanted, limit, row_number, oldest_first=oldest_first)

    def list_from_cursor(
        self,
        feed: Feed,
        cursor: Cursor,
        limit: int,
        selection: Selection = EVERYTHING,
        *,
        oldest_first: bool = False,
    ) -> list[StoredVideo]:
        """Return up to `limit` videos, those next to the cursor on its side.

        What the selection wants of texts is left to `search`.
        """
        place = _place(feed)
        beyond = (_after if cursor.newer else _before)(*place, cursor.position)
        nearest = _places(feed, selection).where(beyond)
        listed = self._list(feed, nearest, limit, oldest_first=cursor.newer)
        return listed if cursor.newer == oldest_first else listed[::-1]

    def search(
        self,
        feed: Feed,
        selection: Selection,
        text: TextQuery,
        limit: int,
        *,
        skip: int = 0,
        cursor: Cursor | None = None,
        oldest_first: bool = False,
    ) -> Searched:
        """Return up to `limit` videos whose texts hold a query, as far as a search comes.

        Args:
            feed: where to look.
            selection: what is wanted besides.
            text: the query.
            limit: how many.
            skip: how many to leave out first.
            cursor: they are those next to it on its side; else they are the first of the order.
            oldest_first: the order.
        """
        along = oldest_first if cursor is None else cursor.newer
        walk = _walk(feed, selection, cursor, oldest_first=along)
        found = find_places(self._connection, walk, text, skip + limit)
        places = found.places[skip:]
        rows = self._list_found(places if along == oldest_first else places[::-1])
        return Searched(rows, found.edge)

    def find_video(self, video_id: str) -> StoredVideo | None:
        """Return a visible video by its id."""
        visible = and_(VideoRow.video_id == video_id, VideoRow.visible)
        return next(iter(list_stored(self._connection, select_videos().where(visible))), None)

    def find_videos(self, video_ids: Collection[str]) -> dict[str, StoredVideo]:
        """Return those of these videos that are visible."""
        visible = and_(VideoRow.video_id.in_(video_ids), VideoRow.visible)
        found = list_stored(self._connection, select_videos().where(visible))
        return {stored.video.video_id: stored for stored in found}

    def _row_numbers(self, feed: Feed) -> RowNumbers:
        return RowNumbers(self._connection, feed, _places(feed, EVERYTHING))

    def _list_counted(
        self, feed: Feed, row_number: int, limit: int, window: Window, *, oldest_first: bool
    ) -> list[StoredVideo]:
        """List rows of a window by their number in the whole feed."""
        limit = min(limit, window.total - row_number)
        if limit <= 0:
            return []
        row_number += window.older if oldest_first else window.newer
        found = self._row_numbers(feed).seek(row_number, oldest_first=oldest_first)
        if found is None:
            return []
        published_at, _ = _place(feed)
        beyond = published_at >= found.edge_at if oldest_first else published_at < found.edge_at
        places = _places(feed, EVERYTHING).where(beyond)
        return self._list(feed, places, limit, found.skip, oldest_first=oldest_first)

    def _list(
        self, feed: Feed, places: Places, limit: int, skip: int = 0, *, oldest_first: bool
    ) -> list[StoredVideo]:
        """Fetch the rows of the first places after `skip`, which stay in the index."""
        ordered = places.order_by(*_order(_place(feed), oldest_first=oldest_first))
        page = ordered.limit(limit).offset(skip).subquery("page")
        query = select_videos().join(page, page.c.video_id == VideoRow.video_id)
        order = _order((page.c.published_at, page.c.video_id), oldest_first=oldest_first)
        return list_stored(self._connection, query.order_by(*order))

    def _list_found(self, places: Sequence[tuple[datetime, str]]) -> list[StoredVideo]:
        """Fetch the rows of places, in their order."""
        if not places:
            return []
        video_ids = [video_id for _, video_id in places]
        query = select_videos().where(VideoRow.video_id.in_(video_ids))
        found = {v.video.video_id: v for v in list_stored(self._connection, query)}
        return [found[video_id] for video_id in video_ids]


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


def _place(feed: Feed) -> tuple[Instants, Ids]:
    """Name the columns a feed is ordered by: those its index begins with."""
    if feed.watch_id is not None:
        return WatchVideoRow.published_at, WatchVideoRow.video_id
    return VideoRow.published_at, VideoRow.video_id


def _is_counted(selection: Selection) -> bool:
    """Tell whether it is a stretch of publish time and nothing else."""
    return replace(selection, published_after=None, published_before=None) == EVERYTHING


def _ends(selection: Selection) -> tuple[datetime | None, datetime | None]:
    return selection.published_after, selection.published_before


def _walk(feed: Feed, selection: Selection, cursor: Cursor | None, *, oldest_first: bool) -> Walk:
    place = _place(feed)
    older, newer = partial(_before, *place), partial(_after, *place)
    return Walk(
        index=_index(feed, selection),
        wanted=_places(feed, selection),
        place=place,
        oldest_first=oldest_first,
        start=None if cursor is None else cursor.position,
        before=older if oldest_first else newer,
        beyond=newer if oldest_first else older,
    )


def _index(feed: Feed, selection: Selection) -> Places:
    """Start a query for all that a feed's index holds of the time that is wanted."""
    published_at, video_id = _place(feed)
    query = select(published_at, video_id)
    if feed.channel_id is not None:
        query = query.where(VideoRow.channel_id == feed.channel_id)
    if feed.watch_id is not None:
        query = query.where(WatchVideoRow.watch_id == feed.watch_id)
    if selection.published_after is not None:
        query = query.where(published_at >= selection.published_after)
    if selection.published_before is not None:
        query = query.where(published_at <= selection.published_before)
    return query


def _places(feed: Feed, selection: Selection) -> Places:
    """Start a query for the places of the videos that are wanted of a feed."""
    query = _index(feed, selection)
    if feed.watch_id is not None:
        linked = WatchVideoRow.video_id == VideoRow.video_id
        query = query.where(linked, *counted_link())
    return query.where(VideoRow.visible, *_wanted(selection))


def _wanted(selection: Selection) -> Iterator[ColumnElement[bool]]:
    """Turn what a selection wants of videos, other than time and text, into conditions."""
    if selection.min_duration_seconds is not None:
        yield VideoRow.duration_seconds >= selection.min_duration_seconds
    if selection.max_duration_seconds is not None:
        yield VideoRow.duration_seconds <= selection.max_duration_seconds
    if selection.live is not None:
        yield VideoRow.live == selection.live.value


def _order(
    place: Iterable[SQLColumnExpression[object]], *, oldest_first: bool
) -> Iterator[ColumnElement[object]]:
    for column in place:
        yield column.asc() if oldest_first else column.desc()


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
