"""A day's budget as it is spent: what was left when, and what will be if it goes on so. Pure.

The ledger alone says what is left now; the log of fetches says how it came to that, by the hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from app.domain.quota import Bucket, Spending

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SpentDay:
    """What fetches cost today (Pacific), by the hour.

    Args:
        began_at: when the day began.
        resets_at: when it ends.
        now: the present.
        spent: of each hour, the first one first; those to come have cost nothing.
    """

    began_at: datetime
    resets_at: datetime
    now: datetime
    spent: tuple[Spending, ...]

    def by_hour(self, bucket: Bucket) -> list[int]:
        """Return what each hour cost of a bucket."""
        return [hour.of(bucket) for hour in self.spent]


@dataclass(frozen=True, slots=True)
class Level:
    """What is left of a bucket at an instant: as it was, or as it is expected to be.

    At the present it is both.
    """

    at: datetime
    left: int | None
    expected: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a bucket is on its way to.

    Args:
        spent_at: when what may be spent is; None where some is left at the reset.
        left: what is left then, or at the reset.
    """

    spent_at: datetime | None
    left: int


def edges(began_at: datetime, resets_at: datetime) -> list[datetime]:
    """Return when the hours of a day begin, and when the last one ends; 23 to 25 of them."""
    return [began_at + HOUR * number for number in range((resets_at - began_at) // HOUR + 1)]


def planned(left: int, reserved: float, last_call_at: datetime, day: SpentDay) -> Outcome:
    """Return where the planner leads a bucket that it knows to be spent before the reset.

    Args:
        left: what is left now.
        reserved: how much of it is kept back now; it is let go before the reset.
        last_call_at: when the rest is spent.
        day: today.
    """
    kept = min(left, round(reserved)) if last_call_at < day.resets_at else 0
    return Outcome(max(last_call_at, day.now), kept)


def continued(left: int, used: int, day: SpentDay) -> Outcome:
    """Return where a bucket is on its way to at today's pace so far.

    Args:
        left: what is left now.
        used: what was used since the day began.
        day: today.
    """
    passed, ahead = day.now - day.began_at, day.resets_at - day.now
    if not left:
        return Outcome(day.now, 0)
    if not used or not passed:
        return Outcome(None, left)
    lasts = passed * (left / used)
    if lasts < ahead:
        return Outcome(day.now + lasts, 0)
    return Outcome(None, round(left - used * (ahead / passed)))


def levels(
    day: SpentDay, limit: int, left: int, spent: Sequence[int], goal: Outcome
) -> list[Level]:
    """Return a bucket's levels: at the start, after each hour, now, at each hour to come.

    Args:
        day: today.
        limit: what there was when it began.
        left: what is left now, by the ledger.
        spent: of each hour, by the log.
        goal: where it is on its way to.
    """
    times = edges(day.began_at, day.resets_at)
    past = [at for at in times if at < day.now]
    was = (limit - sum(spent[:number]) for number in range(len(past)))
    told = [Level(at, max(0, it), None) for at, it in zip(past, was, strict=True)]
    ahead = sorted({*(at for at in times if at > day.now), *_turn(day, goal)})
    return [*told, Level(day.now, left, left), *_expected(day, left, goal, ahead)]


def _turn(day: SpentDay, goal: Outcome) -> list[datetime]:
    """Return when a line ahead bends."""
    at = goal.spent_at
    return [] if at is None or not day.now < at < day.resets_at else [at]


def _expected(
    day: SpentDay, left: int, goal: Outcome, ahead: Sequence[datetime]
) -> Iterator[Level]:
    end_at = goal.spent_at or day.resets_at
    for at in ahead:
        part = 1.0 if at >= end_at else (at - day.now) / (end_at - day.now)
        yield Level(at, None, round(left + part * (goal.left - left)))
