"""Heads for readers: from the cache, else rebuilt once, else the last one known.

One reader rebuilds a head while the others wait for it or take the last one; a version that was
served is never followed by an older one within the process.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

from app.cache.memory import MemoryFeedCache
from app.domain.errors import CacheUnavailableError, NothingToServeError, StoreUnavailableError
from app.domain.feeds import CacheState
from app.feed.heads import build_head

if TYPE_CHECKING:
    from datetime import datetime

    from app.cache.base import FeedCache
    from app.domain.clock import Clock
    from app.domain.feeds import Feed, Head
    from app.store.store import Store
    from app.telemetry import Incidents


@dataclass(frozen=True, slots=True)
class ReadHead:
    """A head, where it came from, and the seconds since it was known to be the newest."""

    head: Head
    state: CacheState
    age_seconds: int


class HeadReader:
    """Reads heads; share one per process.

    Args:
        store: where a head is rebuilt from when the cache has none.
        cache: where ingest publishes heads.
        clock: the present.
        hold_seconds: how long a head is served before the cache is asked again.
        incidents: told when cache or database go away and when they are back.
    """

    def __init__(
        self,
        store: Store,
        cache: FeedCache,
        clock: Clock,
        hold_seconds: float,
        incidents: Incidents,
    ) -> None:
        self._store = store
        self._cache = cache
        self._clock = clock
        self._hold = timedelta(seconds=hold_seconds)
        self._incidents = incidents
        self._kept = MemoryFeedCache()
        self._fresh_at: dict[str, datetime] = {}
        self._rebuilding: defaultdict[str, Lock] = defaultdict(Lock)

    def read(self, feed: Feed) -> ReadHead:
        """Return the head of a feed.

        Raises:
            NotFoundError: the feed's watch does not exist.
            NothingToServeError: cache and database are away and no head was kept.
        """
        ready = self._ready(feed)
        return self._rebuild(feed) if ready is None else self._as(CacheState.HIT, feed, ready)

    def has(self, feed: Feed) -> bool:
        """Tell whether a head can be served without the database."""
        return self._cached(feed) is not None or self._kept.get(feed) is not None

    def _rebuild(self, feed: Feed) -> ReadHead:
        kept = self._kept.get(feed)
        lock = self._rebuilding[feed.name]
        if not lock.acquire(blocking=kept is None) and kept is not None:
            return self._as(CacheState.STALE, feed, kept)
        try:
            if (rebuilt := self._ready(feed)) is not None:  # by the reader we waited for
                return self._as(CacheState.HIT, feed, rebuilt)
            head = self._store.read_replica(lambda transaction: build_head(transaction, feed))
            self._incidents.end(StoreUnavailableError.code)
            self._offer(feed, head)
            return self._as(CacheState.MISS, feed, self._keep(feed, head))
        except StoreUnavailableError as error:
            self._incidents.begin(error.code, str(error))
            if kept is None:
                raise NothingToServeError(str(error)) from None
            return self._as(CacheState.STALE, feed, kept)
        finally:
            lock.release()

    def _ready(self, feed: Feed) -> Head | None:
        """Return a head that costs the database nothing."""
        if (kept := self._held(feed)) is not None:
            return kept
        cached = self._cached(feed)
        return None if cached is None else self._keep(feed, cached)

    def _held(self, feed: Feed) -> Head | None:
        """Return the kept head while it need not be checked; a clock set back ends that."""
        fresh_at = self._fresh_at.get(feed.name)
        if fresh_at is None or not timedelta(0) <= self._clock() - fresh_at < self._hold:
            return None
        return self._kept.get(feed)

    def _cached(self, feed: Feed) -> Head | None:
        try:
            head = self._cache.get(feed)
        except CacheUnavailableError as error:
            self._incidents.begin(error.code, str(error))
            return None
        self._incidents.end(CacheUnavailableError.code)
        return head

    def _offer(self, feed: Feed, head: Head) -> None:
        try:
            self._cache.put(feed, head)
        except CacheUnavailableError:
            return  # ingest repairs it when the cache is back

    def _keep(self, feed: Feed, head: Head) -> Head:
        self._kept.put(feed, head)
        self._fresh_at[feed.name] = self._clock()
        return self._kept.get(feed) or head

    def _as(self, state: CacheState, feed: Feed, head: Head) -> ReadHead:
        fresh_at = self._fresh_at.get(feed.name, self._clock())
        return ReadHead(head, state, max(0, int((self._clock() - fresh_at).total_seconds())))
