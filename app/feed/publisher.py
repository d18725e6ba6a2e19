"""The write side of the cache: heads are published after a commit, by ingest alone.

The database decides what is newest, the cache refuses what is older; so it does not matter who
publishes first. A head that was not published (a crash, a cache that was away) is found by
`repair`, which every tick runs.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import CacheUnavailableError, CacheWriteFailedError, NotFoundError
from app.domain.feeds import ALL, Feed
from app.feed.heads import build_head
from app.feed.put_back import lift_version

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from app.cache.base import FeedCache
    from app.domain.clock import Clock
    from app.store.store import Store
    from app.telemetry import Incidents

ACCESS_WINDOW = timedelta(hours=1)
"""A watch's head is kept fresh for this long after somebody asked for it."""


class FeedPublisher:
    """Puts heads into the cache."""

    def __init__(self, store: Store, cache: FeedCache, clock: Clock, incidents: Incidents) -> None:
        self._store = store
        self._cache = cache
        self._clock = clock
        self._incidents = incidents
        self._knows_site = False

    def publish(self, watches: Collection[int]) -> None:
        """Publish the feed of all and those of these watches that somebody reads.

        A cache that is away is told once and made up for by `repair`.
        """
        if not self._knows_site:
            self._learn_site()
        accessed = self._accessed() if watches else {}
        feeds = [ALL, *(Feed(watch_id=w) for w in sorted(watches) if w in accessed)]
        self._for_each(feeds, self._put)

    def drop(self, watch_id: int) -> None:
        """Let go of the feed of a watch that was removed; readers are told at once."""
        self._for_each([Feed(watch_id=watch_id)], self._cache.drop)

    def repair(self) -> None:
        """Publish every head that is not at its feed's version."""
        self._learn_site()
        self._for_each([ALL, *self._read_feeds()], self._repair)

    def _learn_site(self) -> None:
        """Learn whose heads these are: of another, where the database was made anew under us."""
        self._cache.learn_site(self._store.read(lambda transaction: transaction.site))
        self._knows_site = True

    def _read_feeds(self) -> list[Feed]:
        return [Feed(watch_id=watch_id) for watch_id in sorted(self._accessed())]

    def _repair(self, feed: Feed) -> None:
        # The cache is read first: a feed's version only grows, so a cached version above the
        # stored one means that the database was put back to an older state. What was served is
        # not served again as something else: processes that have it would never take it.
        cached = self._cache.version(feed)
        try:
            stored = self._store.read(lambda transaction: transaction.feed.version(feed))
        except NotFoundError:
            return  # the watch was removed meanwhile
        if cached is not None and cached > stored:
            lift_version(self._store, feed, cached)
            self._put(feed)
        elif cached is None or cached < stored:
            self._put(feed)

    def _put(self, feed: Feed) -> None:
        try:
            head = self._store.read(lambda transaction: build_head(transaction, feed))
        except NotFoundError:
            return  # the watch was removed meanwhile
        self._cache.put(feed, head)

    def _accessed(self) -> dict[int, int]:
        since = self._clock() - ACCESS_WINDOW
        return self._store.read(lambda transaction: transaction.watches.list_accessed(since))

    def _for_each(self, feeds: Sequence[Feed], work: Callable[[Feed], None]) -> None:
        try:
            for feed in feeds:
                work(feed)
        except CacheUnavailableError as error:
            self._incidents.begin(error.code, str(error))
        else:
            self._incidents.end(CacheUnavailableError.code)
            self._incidents.end(CacheWriteFailedError.code)
