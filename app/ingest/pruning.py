"""When outdated lines of a log are dropped: every hour, and a batch a tick while there are more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from app.domain.clock import Clock

PRUNED_AT_ONCE = 500
"""Lines a tick drops at most: a transaction of some milliseconds."""

_EVERY = timedelta(hours=1)


class Pruning:
    """Decides whether it is time; one for each log and process.

    Args:
        clock: the present.
        keep: how long a line is kept.
    """

    def __init__(self, clock: Clock, keep: timedelta) -> None:
        self._clock = clock
        self._keep = keep
        self._next_at: datetime | None = None

    def run(self, drop: Callable[[datetime, int], int]) -> None:
        """Drop outdated lines if it is time; for every tick to call.

        Args:
            drop: takes the instant before which lines are outdated and how many it may drop;
                returns how many it did.
        """
        now = self._clock()
        if self._next_at is not None and now < self._next_at:
            return
        dropped = drop(now - self._keep, PRUNED_AT_ONCE)
        self._next_at = now if dropped == PRUNED_AT_ONCE else now + _EVERY
