"""The read side as the web sees it: pages, single videos, and names turned into feeds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from app.domain.errors import (
    NotFoundError,
    NothingToServeError,
    StatementTimeoutError,
    StoreUnavailableError,
)
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

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.videos import StoredVideo
    from app.feed.head_reader import HeadReader, ReadHead
    from app.store.feed import FeedRepository
    from app.store.row_numbers import Window
    from app.store.store import Store, Transaction
    from app.telemetry import Incidents

T = TypeVar("T")

_BREATH = timedelta(seconds=0.5)
_ACCESS_NOTED_EVERY = timedelta(minutes=1)


class FeedReader:
    """Serves pages; share one per process."""

    def __init__(self, store: Store, heads: HeadReader, clock: Clock, incidents: Incidents) -> None:
        self._store = store
        self._heads = heads
        self._clock = clock
        self._incidents = incidents
        self._failed: tuple[datetime, str] | None = None
        self._noted_at: dict[int, datetime] = {}
        self._watch_of_term: dict[str, int] = {}

    def page(self, request: PageRequest, at_least: int = 0) -> Page:
        """Return one page of a feed; empty beyond the end.

        A client that has seen version `at_least` is shown no older one that is kept here.

        Raises:
            NotFoundError: the feed's watch does not exist.
            NothingToServeError: neither cache nor database can answer.
        """
        if request.feed.watch_id is not None:
            self._note_access(request.feed.watch_id)
        if _is_head(request):
            return _slice(self._heads.read(request.feed, at_least), request.limit)
        return self._stored(lambda transaction: _stored_page(transaction, request))

    def ready_version(self, feed: Feed) -> int | None:
        """Return the version of a first page that would be a hit now; None if it is to be read.

        Waits for nothing, unlike all else here.
        """
        if feed.watch_id is not None and self._is_unnoted(feed.watch_id, self._clock()):
            return None
        return self._heads.ready_version(feed)

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
        try:
            self._stored(lambda transaction: transaction.watches.get(watch_id))
        except NothingToServeError:
            if not self._heads.has(feed):
                raise
        return feed

    def resolve_keyword(self, term: str) -> Feed:
        """Return the feed of a keyword that is watched.

        Raises:
            NotFoundError: it is not.
            NothingToServeError: the database is away and the keyword was never asked for here.
        """
        try:
            watch = self._stored(lambda t: t.watches.find_by_term(WatchKind.KEYWORD, term))
        except NothingToServeError:
            if term not in self._watch_of_term:
                raise
            return Feed(watch_id=self._watch_of_term[term])
        if watch is None:
            raise NotFoundError(f"the keyword {term!r} is not watched")
        self._watch_of_term[term] = watch.watch_id
        return Feed(watch_id=watch.watch_id)

    def can_serve(self) -> bool:
        """Tell whether the first page can be answered without the database."""
        return self._heads.has(ALL)

    def _stored(self, work: Callable[[Transaction], T]) -> T:
        if (failure := self._recent_failure()) is not None:
            raise NothingToServeError(failure)
        try:
            found = self._store.read_replica(work)
        except StatementTimeoutError as error:
            raise NothingToServeError(str(error)) from None
        except StoreUnavailableError as error:
            self._failed = self._clock(), str(error)
            self._incidents.begin(error.code, str(error))
            raise NothingToServeError(str(error)) from None
        self._incidents.end(StoreUnavailableError.code)
        return found

    def _recent_failure(self) -> str | None:
        """Return how the database failed a moment ago.

        Who has waited for a thread meanwhile is told at once, instead of waiting as long again.
        """
        if self._failed is None:
            return None
        failed_at, failure = self._failed
        return failure if timedelta(0) <= self._clock() - failed_at < _BREATH else None

    def _is_unnoted(self, watch_id: int, now: datetime) -> bool:
        noted_at = self._noted_at.get(watch_id)
        return noted_at is None or now - noted_at >= _ACCESS_NOTED_EVERY

    def _note_access(self, watch_id: int) -> None:
        now = self._clock()
        if not self._is_unnoted(watch_id, now):
            return
        before = now - _ACCESS_NOTED_EVERY
        self._noted_at[watch_id] = now
        try:
            self._store.write(lambda t: t.watches.note_access(watch_id, now, before))
        except StoreUnavailableError:
            return  # the next minute's reader notes it


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
