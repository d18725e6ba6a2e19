"""Statistics: how many videos were published when, as counts of hours or days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.domain.coverage import Delay


class Grain(StrEnum):
    """What is counted together: an hour or a day (UTC)."""

    HOUR = "hour"
    DAY = "day"

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return timedelta(hours=1) if self is Grain.HOUR else timedelta(days=1)

    @property
    def most(self) -> int:
        """How many may be asked for at once: a month of hours, or ten years of days."""
        return 31 * 24 if self is Grain.HOUR else 3653

    @property
    def usual(self) -> int:
        """How many are told if nothing else is asked for."""
        return 48 if self is Grain.HOUR else 30

    def floor(self, at: datetime) -> datetime:
        """Return when the hour or day of an instant began."""
        hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return hour if self is Grain.HOUR else datetime.combine(hour.date(), time(), UTC)


@dataclass(frozen=True, slots=True)
class CountQuery:
    """Which counts are wanted: from the first hour or day to the last, both included.

    `watch_id` of None asks for all videos.
    """

    grain: Grain
    first_at: datetime
    last_at: datetime
    watch_id: int | None = None

    def starts(self) -> Iterator[datetime]:
        """Yield when each of them began, the oldest first."""
        for number in range((self.last_at - self.first_at) // self.grain.length + 1):
            yield self.first_at + number * self.grain.length


@dataclass(frozen=True, slots=True)
class Counts:
    """Videos by the hour or day of their publish time.

    Args:
        query: what was asked.
        videos: one count for each hour or day, the oldest first.
        by_watch: how many of them each watch has; none where one watch was asked for.
    """

    query: CountQuery
    videos: tuple[int, ...]
    by_watch: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class DayDelay:
    """How late search showed the videos that were published on a day (UTC)."""

    day_at: datetime
    delay: Delay
