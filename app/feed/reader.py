"""The read side as the web sees it: pages, single videos, and names turned into feeds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from app.domain.errors import NotFoundError, NothingToServeError, StoreUnavailableError
from app.domain.feeds import (
    ALL,
    EVERYTHING,
    HEAD_ITEMS,
    CacheState,
    Cursor,
    EncodedVideo,
    Feed,
    Page,
    PageRequest,
)
from app.domain.watches import WatchKind
from app.feed.heads import position_of
from app.feed.items import encode_item
from app.feed.search_pages import search_page
from app.feed.snapshots import Snapshots
from app.feed.watched_feeds import WatchedFeeds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.domain.clock import Clock
    from app.domain.videos import StoredVideo
    from app.feed.head_reader import HeadReader, LastKnown, ReadHead
    from app.store.feed import FeedRepository
    from app.store.row_numbers import Window
    from app.store.store import Store, Transaction
    from app.telemetry import Incidents

T = TypeVar("T")


class FeedReader:
    """Serves pages; share one per process."""

    def __init__(self, store: Store, heads: HeadReader, clock: Clock, incidents: Incidents) -> None:
        self._store = store
        self._clock = clock
        self._heads = heads
        self._snapshots = Snapshots(store, clock, incidents)
        self._watched = WatchedFeeds(store, clock, heads)

    def start(self) -> None:
        """Begin to note beside the requests which watches are read."""
        self._watched.start()

    def close(self) -> None:
        """End that, soon."""
        self._watched.close()

    def page(self, request: PageRequest, at_least: int = 0) -> Page:
        """Return one page of a feed; empty beyond the end.

        A client that has seen version `at_least` is shown no older one that is kept here.

        Raises:
            NotFoundError: the feed's watch does not exist.
            NothingToServeError: neither cache nor database can answer.
        """
        kept_from = self._asked(request.feed)
        if _is_head(request):
            head = self._heads.read(request.feed, max(at_least, kept_from))
            return _slice(self._as_known(head), request.limit)
        return self._stored_page(request, at_least)

    def ready_version(self, feed: Feed) -> int | None:
        """Return the version of a first page that would be a hit now; None if it is to be read.

        Waits for nothing, unlike all else here.
        """
        if feed.watch_id is not None and not self._watched.is_kept_fresh(feed.watch_id):
            return None
        kept_from = self._asked(feed)
        if self._watched.away_since is not None and self._heads.is_from_replica(feed):
            return None  # it is no hit
        version = self._heads.ready_version(feed)
        return None if version is None or version < kept_from else version

    def last_known(self, feed: Feed) -> LastKnown | None:
        """Return what could be told of a first page if nobody answered; waits for nothing."""
        return self._heads.last_known(feed)

    def video(self, video_id: str) -> EncodedVideo:
        """Return one video.

        Raises:
            NotFoundError: it is not stored, or hidden.
            NothingToServeError: the database is away.
        """
        stored = self._stored(lambda transaction: transaction.feed.find_video(video_id))
        if stored is None:
            raise NotFoundError(f"there is no video {video_id}")
        return EncodedVideo(encode_item(stored), stored.seq)

    def resolve_watch(self, watch_id: int) -> Feed:
        """Return the feed of a watch; without a database, on trust.

        Raises:
            NotFoundError: there is no such watch.
        """
        feed = Feed(watch_id=watch_id)
        if self._watched.is_kept_fresh(watch_id):
            return feed
        try:
            self._watched.learn(self._stored(lambda transaction: transaction.watches.get(watch_id)))
        except NotFoundError:
            self._watched.forget(watch_id)
            raise
        except NothingToServeError:
            if not self._heads.has(feed):
                raise
        return feed

    def resolve_keyword(self, term: str) -> Feed:
        """Return the feed of a keyword that is watched; without a database, on trust.

        Raises:
            NotFoundError: it is not.
            NothingToServeError: the database is away and the keyword was never asked for here.
        """
        known = self._watched.find_keyword(term)
        if known is not None and self._watched.is_kept_fresh(known):
            return Feed(watch_id=known)
        try:
            watch = self._stored(lambda t: t.watches.find_by_term(WatchKind.KEYWORD, term))
        except NothingToServeError:
            if known is None:
                raise
            return Feed(watch_id=known)
        if watch is None:
            raise NotFoundError(f"the keyword {term!r} is not watched")
        self._watched.learn(watch)
        return Feed(watch_id=watch.watch_id)

    def can_serve(self) -> bool:
        """Tell whether the first page can be answered without the database."""
        return self._heads.has(ALL)

    def _as_known(self, read: ReadHead) -> ReadHead:
        """Mark as stale what only a replica vouches for that may be cut off with us.

        It was right when the primary last answered, but for its lag.
        """
        away_since = self._watched.away_since
        if away_since is None or not read.from_replica or read.state is CacheState.STALE:
            return read
        age = max(0, int((self._clock() - away_since).total_seconds()))
        return replace(read, state=CacheState.STALE, age_seconds=age)

    def _asked(self, feed: Feed) -> int:
        """Have it noted that a feed is read; return the version that its head has at least."""
        return self._watched.asked(feed)

    def _stored_page(self, request: PageRequest, at_least: int) -> Page:
        text = request.selection.text

        def read(transaction: Transaction) -> Page:
            if text is not None:
                return search_page(transaction, request, text)
            return _stored_page(transaction, request)

        page = self._stored(read)
        if page.version >= at_least or not self._store.has_replica:
            return page
        try:
            return self._snapshots.read_newest(read)
        except StoreUnavailableError:
            return replace(page, cache=CacheState.STALE)  # the client keeps what it has

    def _stored(self, work: Callable[[Transaction], T]) -> T:
        try:
            return self._snapshots.read(work)
        except StoreUnavailableError as error:
            raise NothingToServeError(str(error)) from None


def _is_head(request: PageRequest) -> bool:
    """Tell whether it is a slice of a head."""
    first = request.page == 1 and request.cursor is None and not request.oldest_first
    return first and request.selection == EVERYTHING and request.limit <= HEAD_ITEMS


def _slice(read: ReadHead, limit: int) -> Page:
    head = read.head
    more = head.total > limit
    return Page(
        items=head.items[:limit],
        total=head.total,
        version=head.version,
        cache=read.state,
        stale_seconds=read.age_seconds if read.state is CacheState.STALE else 0,
        next_cursor=Cursor(head.positions[:limit][-1]) if more and head.items else None,
        previous_cursor=None,
    )


def _stored_page(transaction: Transaction, request: PageRequest) -> Page:
    window = transaction.feed.window(request.feed, request.selection)
    rows, more, earlier = _rows(transaction.feed, request, window)
    positions = [position_of(row) for row in rows]
    along = request.oldest_first  # onward is towards the newer
    return Page(
        items=tuple(encode_item(row) for row in rows),
        total=None if window is None else window.total,
        version=transaction.feed.version(request.feed),
        cache=CacheState.MISS,
        stale_seconds=0,
        next_cursor=Cursor(positions[-1], newer=along) if more and rows else None,
        previous_cursor=Cursor(positions[0], newer=not along) if earlier and rows else None,
    )


def _rows(
    feed: FeedRepository, request: PageRequest, window: Window | None
) -> tuple[Sequence[StoredVideo], bool, bool]:
    """Return the page's rows, and whether there are more after and before them in its order."""
    limit, cursor, oldest_first = request.limit, request.cursor, request.oldest_first
    wanted = request.selection
    if cursor is None:
        first = (request.page - 1) * limit
        rows = feed.list_from_row(
            request.feed, first, limit + 1, wanted, oldest_first=oldest_first, window=window
        )
        return rows[:limit], len(rows) > limit, first > 0
    rows = feed.list_from_cursor(request.feed, cursor, limit + 1, wanted, oldest_first=oldest_first)
    if cursor.newer == oldest_first:
        return rows[:limit], len(rows) > limit, True
    return rows[-limit:], True, len(rows) > limit
