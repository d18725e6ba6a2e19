"""The heads a process knows: how old that knowledge is, bounded in memory. Thread-safe."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.feeds import Feed, Head

MAX_BYTES = 8 * 1024 * 1024
"""Of items: some 60 feeds of real videos. What goes costs one read when it is asked for again."""

_OVERHEAD_BYTES = 20_000  # positions, tuples and objects of a hundred items


@dataclass(frozen=True, slots=True)
class KnownHead:
    """A head and how far it can be trusted.

    Args:
        head: the newest that this process has seen.
        fresh_at: when cache or database were asked that called it the newest.
        checked_at: the same, or when later they had failed to answer.
        stale: whether they had.
        left_at: when somebody was sent to ask them again.
        sought_at: when the database was last asked for a newer version that a client had named.
        out_of_reach: whether it did not answer then.
        from_replica: whether a replica of the database called it the newest, and nothing else.
    """

    head: Head
    fresh_at: datetime
    checked_at: datetime
    stale: bool = False
    left_at: datetime | None = None
    sought_at: datetime | None = None
    out_of_reach: bool = False
    from_replica: bool = False


class KnownHeads:
    """Keeps the heads that were used last; a version is never followed by an older one."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._heads: OrderedDict[Feed, KnownHead] = OrderedDict()
        self._bytes = 0
        self._max_bytes = max_bytes
        self._lock = Lock()

    def get(self, feed: Feed) -> KnownHead | None:
        """Return what is known of a feed."""
        with self._lock:
            known = self._heads.get(feed)
            if known is not None:
                self._heads.move_to_end(feed)
            return known

    def put(self, feed: Feed, known: KnownHead) -> KnownHead:
        """Keep it, with the head that is there if that is newer; return what is kept."""
        with self._lock:
            before = self._heads.pop(feed, None)
            if before is not None:
                self._bytes -= _size(before.head)
                if before.head.version > known.head.version:
                    known = replace(known, head=before.head)
            self._heads[feed] = known
            self._bytes += _size(known.head)
            while self._bytes > self._max_bytes and len(self._heads) > 1:
                _, dropped = self._heads.popitem(last=False)
                self._bytes -= _size(dropped.head)
            return known


def _size(head: Head) -> int:
    return sum(map(len, head.items)) + _OVERHEAD_BYTES
