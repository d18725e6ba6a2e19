"""What failed a moment ago is left alone: who asks it again would wait as long again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.clock import Clock


class Rest:
    """The rest of one backend after a failure. Safe to share between threads.

    Args:
        clock: the present.
        seconds: how long a rest takes; a clock set back ends it.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._length = timedelta(seconds=seconds)
        self._failed: tuple[datetime, str] | None = None

    def begin(self, failure: str) -> None:
        """Begin a rest now, because of that failure."""
        self._failed = self._clock(), failure

    @property
    def failure(self) -> str | None:
        """Why there is a rest now; None if there is none."""
        if self._failed is None:
            return None
        failed_at, failure = self._failed
        return failure if timedelta(0) <= self._clock() - failed_at < self._length else None
