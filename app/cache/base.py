"""The seams of the cache; `memory` serves one process, `redis` any number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.domain.feeds import Feed, Head

HEAD_TTL_SECONDS = 86_400
"""How long a head outlives its last publication; every key has a TTL so that the queue, which has
none, is never evicted for it."""


class FeedCache(Protocol):
    """Heads of feeds, newest version wins."""

    def get(self, feed: Feed) -> Head | None:
        """Return the head of a feed.

        Raises:
            CacheUnavailableError: the cache does not answer.
        """
        ...

    def put(self, feed: Feed, head: Head) -> bool:
        """Store a head unless a newer version is there; tell whether it was stored.

        Raises:
            CacheUnavailableError: the cache does not answer.
        """
        ...

    def replace(self, feed: Feed, head: Head) -> None:
        """Store a head whatever is there: for a database that was put back to an older state.

        Raises:
            CacheUnavailableError: the cache does not answer.
        """
        ...

    def drop(self, feed: Feed) -> None:
        """Forget the head of a feed that is no more.

        Raises:
            CacheUnavailableError: the cache does not answer.
        """
        ...

    def version(self, feed: Feed) -> int | None:
        """Return the version of the head that is there.

        Raises:
            CacheUnavailableError: the cache does not answer.
        """
        ...

    def check_writes(self) -> None:
        """Write something of no use.

        Raises:
            CacheWriteFailedError: the cache answers and takes no writes.
            CacheUnavailableError: the cache does not answer.
        """
        ...


class KeyIndex(Protocol):
    """The index that rotates API keys across all processes."""

    def next(self) -> int:
        """Return the next number, from 1 up.

        Raises:
            CacheUnavailableError: the cache does not answer.
        """
        ...


class Ticks(Protocol):
    """When the last tick was over, as all processes know it."""

    def mark(self, at: datetime) -> None:
        """Note a tick.

        Raises:
            CacheUnavailableError: the cache does not answer.
        """
        ...

    def last(self) -> datetime | None:
        """Return when the last one was; None if nobody knows.

        Raises:
            CacheUnavailableError: the cache does not answer.
        """
        ...


class Queues(Protocol):
    """The queues between scheduler and workers."""

    def lengths(self) -> Mapping[str, int]:
        """Return how many messages wait in each.

        Raises:
            CacheUnavailableError: the queue does not answer.
        """
        ...
