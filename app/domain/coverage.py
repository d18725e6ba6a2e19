"""Coverage as it is told: how far a watch has been read, and what is open."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.ranges import Pending
    from app.domain.watches import Watch


@dataclass(frozen=True, slots=True)
class Delay:
    """How late search showed videos, in seconds after their publish time.

    Measured only on videos that an earlier reading of the same second did not show, the latest of
    them; the figures are None where there is none.
    """

    samples: int
    median_seconds: int | None
    p95_seconds: int | None


@dataclass(frozen=True, slots=True)
class WatchCoverage:
    """How far a watch has been read.

    Args:
        watch: with `read_until`, before which everything was read once or stands in `open`.
        complete_until: before it everything was read twice, seconds at the cap excepted; of a
            channel, everything was shown by its uploads playlist.
        open: what is still to be read and due, seconds at the cap, newest first; later readings
            that are only scheduled are left out.
        delay: as measured on this watch.
    """

    watch: Watch
    complete_until: datetime
    open: tuple[Pending, ...]
    delay: Delay


@dataclass(frozen=True, slots=True)
class CoveragePage:
    """The coverage of some watches, and how many watches there are."""

    items: tuple[WatchCoverage, ...]
    total: int


def delay_of(seconds: Sequence[int]) -> Delay:
    """Return what so many seconds of lateness come to."""
    ordered = sorted(seconds)
    return Delay(len(ordered), _quantile(ordered, 0.5), _quantile(ordered, 0.95))


def _quantile(ordered: Sequence[int], part: float) -> int | None:
    return ordered[ceil(part * len(ordered)) - 1] if ordered else None
