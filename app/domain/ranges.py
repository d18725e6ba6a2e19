"""Stretches of publish time: what a watch has still to read, and why.

All bounds are whole seconds and included, as YouTube's are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

SECOND = timedelta(seconds=1)


class Reading(IntEnum):
    """How often a stretch has been read once this reading is done."""

    FIRST = 1
    SECOND = 2
    THIRD = 3
    FOURTH = 4


class RangeReason(StrEnum):
    """Why a stretch is still to be read."""

    NEW = "new"
    AGAIN = "again"
    BUDGET = "budget"
    ERROR = "error"
    CAP = "cap"
    BACKFILL = "backfill"  # what a channel published before it was watched, wanted afterwards


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """The seconds from `starts_at` to `ends_at`."""

    starts_at: datetime
    ends_at: datetime

    def holds(self, at: datetime) -> bool:
        """Tell whether an instant lies in the stretch."""
        return self.starts_at <= at < self.ends_at + SECOND

    def overlap(self, other: Stretch) -> Stretch | None:
        """Return the seconds both have."""
        starts_at, ends_at = max(self.starts_at, other.starts_at), min(self.ends_at, other.ends_at)
        return Stretch(starts_at, ends_at) if starts_at <= ends_at else None

    def without(self, other: Stretch) -> list[Stretch]:
        """Return what is left of this stretch outside the other: none, one or two stretches."""
        below = Stretch(self.starts_at, min(self.ends_at, other.starts_at - SECOND))
        above = Stretch(max(self.starts_at, other.ends_at + SECOND), self.ends_at)
        return [part for part in (below, above) if part.starts_at <= part.ends_at]

    def narrowed_to(self, last: datetime) -> Stretch:
        """Return the seconds up to `last`, which is brought into the stretch."""
        return Stretch(self.starts_at, min(self.ends_at, max(self.starts_at, last)))

    @property
    def seconds(self) -> int:
        """How many seconds it has; at least one."""
        return int((self.ends_at - self.starts_at).total_seconds()) + 1


@dataclass(frozen=True, slots=True)
class Pending:
    """A stretch that a watch has still to read.

    Args:
        stretch: the seconds to read.
        reading: the how-manieth reading it will be.
        reason: why it has not been read yet.
        due_at: when it may be read; None for seconds that no call can show whole (`CAP`).
    """

    stretch: Stretch
    reading: Reading
    reason: RangeReason
    due_at: datetime | None


def floor_second(at: datetime) -> datetime:
    """Return the whole second an instant lies in."""
    return at.replace(microsecond=0)


def union(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Join stretches that touch or overlap; return them newest first."""
    joined: list[Stretch] = []
    for stretch in sorted(stretches):
        if joined and stretch.starts_at <= joined[-1].ends_at + SECOND:
            last = joined.pop()
            joined.append(Stretch(last.starts_at, max(last.ends_at, stretch.ends_at)))
        else:
            joined.append(stretch)
    return joined[::-1]
