"""Buckets inside one process. Waits for nothing, so the event loop may ask, too."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from app.limits.allowance import pour

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BUCKETS = 20_000
"""Of some 200 bytes. Who has more addresses than that is not held by a limit per address."""


def monotonic_micros() -> int:
    """Return microseconds from anywhere, which no clock that is set changes."""
    return time.monotonic_ns() // 1000


class MemoryBuckets:
    """Buckets in a dictionary; beyond `max_buckets` the one used least recently goes.

    Args:
        max_buckets: that are known.
        clock: microseconds, from anywhere.
    """

    def __init__(
        self, max_buckets: int = MAX_BUCKETS, clock: Callable[[], int] = monotonic_micros
    ) -> None:
        self._full_at: OrderedDict[str, int] = OrderedDict()
        self._max_buckets = max_buckets
        self._clock = clock
        self._lock = Lock()

    def take(self, name: str, cost: int, limit: int) -> tuple[bool, int]:
        """Take from a bucket, if there is enough in it."""
        now = self._clock()
        with self._lock:
            allowed, backlog = pour(self._full_at.get(name, now), cost, limit, now)
            self._full_at[name] = now + backlog
            self._full_at.move_to_end(name)
            if len(self._full_at) > self._max_buckets:
                self._full_at.popitem(last=False)
        return allowed, backlog
