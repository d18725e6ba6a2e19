"""The cache as readers see it: if it does not answer it has nothing, and is left alone a second.

Readers have the database to fall back on, and should not wait for Redis each time first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from app.domain.errors import CacheUnavailableError, CacheWriteFailedError
from app.domain.rests import Rest

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.cache.base import FeedCache
    from app.domain.clock import Clock
    from app.domain.feeds import Feed, Head
    from app.feed.near_heads import Copied, NearHeads
    from app.telemetry import Incidents

T = TypeVar("T")

_REST_SECONDS = 1


class CachedHeads:
    """Heads in the cache, which has none of channels.

    Args:
        cache: where ingest publishes heads.
        clock: the present.
        incidents: told when the cache goes away and when it is back.
        near: heads in a replica of the cache, which is asked first.
    """

    def __init__(
        self, cache: FeedCache, clock: Clock, incidents: Incidents, near: NearHeads | None = None
    ) -> None:
        self._cache = cache
        self._near = near
        self._incidents = incidents
        self._rest = Rest(clock, _REST_SECONDS)

    def version(self, feed: Feed) -> int | None:
        """Return the version of the head that is there."""
        return self._asked(lambda: self._cache.version(feed))

    def newest(self, feed: Feed, known: Head | None) -> Head | None:
        """Return the head that is there, or in the replica; what is known is not fetched."""
        if self._near is not None and feed.channel_id is None:
            head = self._near.newest(feed, known)
            if head is not None:
                return head
        return self.newest_written(feed, known)

    def last_copy(self, feed: Feed) -> Copied | None:
        """Return what a replica last heard, for when neither cache nor database answers."""
        if self._near is None or feed.channel_id is not None:
            return None
        return self._near.last_copy(feed)

    def newest_written(self, feed: Feed, known: Head | None) -> Head | None:
        """Return the head that is there, past any replica."""

        def ask() -> Head | None:
            same = known is not None and self._cache.version(feed) == known.version
            return known if same else self._cache.get(feed)

        return self._asked(ask) if feed.channel_id is None else None

    def offer(self, feed: Feed, head: Head) -> None:
        """Store a head, unless a newer one is there; ingest repairs it if that fails."""
        if feed.channel_id is None:
            self._asked(lambda: self._cache.put(feed, head))

    def _asked(self, ask: Callable[[], T]) -> T | None:
        if self._rest.failure is not None:
            return None
        try:
            answer = ask()
        except CacheWriteFailedError as error:  # it can be read; /ready tells when that is over
            self._incidents.begin(error.code, str(error))
            return None
        except CacheUnavailableError as error:
            self._rest.begin(str(error))
            self._incidents.begin(error.code, str(error))
            return None
        self._incidents.end(CacheUnavailableError.code)
        return answer
