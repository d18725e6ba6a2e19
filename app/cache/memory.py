"""The cache inside one process, for the embedded mode. Safe to share between threads."""

from __future__ import annotations

from collections import OrderedDict
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.feeds import Feed, Head

MAX_BYTES = 32 * 1024 * 1024


class MemoryFeedCache:
    """Heads in a dictionary; beyond `max_bytes` of items the one used least recently goes."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._heads: OrderedDict[str, Head] = OrderedDict()
        self._bytes = 0
        self._max_bytes = max_bytes
        self._lock = Lock()

    def get(self, feed: Feed) -> Head | None:
        """Return the head of a feed."""
        with self._lock:
            head = self._heads.get(feed.name)
            if head is not None:
                self._heads.move_to_end(feed.name)
            return head

    def put(self, feed: Feed, head: Head) -> bool:
        """Store a head unless a newer version is there."""
        with self._lock:
            present = self._heads.get(feed.name)
            if present is not None and present.version > head.version:
                return False
            self._store(feed, head)
            return True

    def replace(self, feed: Feed, head: Head) -> None:
        """Store a head whatever is there."""
        with self._lock:
            self._store(feed, head)

    def drop(self, feed: Feed) -> None:
        """Forget the head of a feed that is no more."""
        with self._lock:
            head = self._heads.pop(feed.name, None)
            self._bytes -= 0 if head is None else _size(head)

    def version(self, feed: Feed) -> int | None:
        """Return the version of the head that is there."""
        with self._lock:
            head = self._heads.get(feed.name)
            return None if head is None else head.version

    def check_writes(self) -> None:
        """Memory can always be written."""

    def _store(self, feed: Feed, head: Head) -> None:
        before = self._heads.pop(feed.name, None)
        self._heads[feed.name] = head
        self._bytes += _size(head) - (0 if before is None else _size(before))
        while self._bytes > self._max_bytes and len(self._heads) > 1:
            _, dropped = self._heads.popitem(last=False)
            self._bytes -= _size(dropped)


class MemoryKeyIndex:
    """Counts in the process; `next` of itertools.count is atomic."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def next(self) -> int:
        """Return the next number, from 1 up."""
        return next(self._numbers)


class MemoryTicks:
    """Knows the ticks of this process; a reference is replaced at once."""

    def __init__(self) -> None:
        self._last: datetime | None = None

    def mark(self, at: datetime) -> None:
        """Note a tick."""
        self._last = at

    def last(self) -> datetime | None:
        """Return when the last one was."""
        return self._last


def _size(head: Head) -> int:
    return sum(map(len, head.items))
