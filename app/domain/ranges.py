"""Stretches of publish time: what a watch still has to read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


class RangeReason(StrEnum):
    """Why a stretch is still open."""

    NEW = "new"
    BUDGET = "budget"
    ERROR = "error"
    CAP = "cap"


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """Publish times from `starts_at` to `ends_at`, both included, in whole seconds."""

    starts_at: datetime
    ends_at: datetime

    def narrowed_to(self, last_second: datetime) -> Stretch:
        """Return what is left once everything after `last_second` has been read."""
        return Stretch(self.starts_at, min(self.ends_at, max(self.starts_at, last_second)))

    def holds(self, at: datetime) -> bool:
        """Tell whether an instant lies in the stretch."""
        return self.starts_at <= at <= self.ends_at


@dataclass(frozen=True, slots=True)
class OpenRange:
    """A stored stretch that a watch has still to read, newest second first."""

    range_id: int
    stretch: Stretch
    reason: RangeReason


def union(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Join stretches that touch or overlap; return them newest first."""
    joined: list[Stretch] = []
    for stretch in sorted(stretches):
        if joined and stretch.starts_at <= joined[-1].ends_at:
            last = joined.pop()
            joined.append(Stretch(last.starts_at, max(last.ends_at, stretch.ends_at)))
        else:
            joined.append(stretch)
    return joined[::-1]
