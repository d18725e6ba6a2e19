"""Pacing: how the day's search calls are shared among watches, as pure functions.

A watch with `rate` videos a second that is polled every I seconds shows them on average I/2 late
and costs `calls / I` calls a second. The sum of rate times delay over all watches is least, for a
given number of calls, when each is polled in proportion to sqrt(rate / calls): that is the share
given here, with a tick as the least interval, or a longer one that is asked for. A watch's weight
multiplies its rate in that share, so one of weight 4 is polled twice as often. A tenth of the day's
calls is a reserve, released over the last three hours: half of it for later readings, half for more
polls. Polls that somebody asks for are paid from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, sqrt
from typing import TYPE_CHECKING

from app.ingest.listings import FILL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESERVE = 0.1
RELEASE = timedelta(hours=3)
LEAST_RATE = 1 / 86_400
"""Videos a second of a watch that brought none: one a day, so that it is still looked at."""

LEAST_SUPPLY = 1e-6
"""Calls a second below which there are none to share: less than one in eleven days."""

MOST_CALLS = 2
"""A poll is planned with: what they do not show stays open and is read when calls are left."""

_ROUNDS = 8
_POLLS_AHEAD = 10
_TICK_SLACK = timedelta(seconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Load:
    """A watch as pacing sees it.

    Args:
        watch_id: whose.
        rate: the videos a second it brings.
        term: what it searches for, if it may share that search with others.
        weight: what its videos count for.
        least: the least time between two polls of its own; a tick if that is longer.
        locale: region and language of its search: only equals share one.
    """

    watch_id: int
    rate: float
    term: str | None = None
    weight: float = 1.0
    least: timedelta = timedelta(0)
    locale: tuple[str | None, str | None] = (None, None)

    @property
    def share(self) -> float:
        """The root of it is what the watch's polls go by."""
        return self.weight * max(self.rate, LEAST_RATE)


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of today's search calls.

    Args:
        left: calls that all projects together may still make.
        limit: what they had at the start of the day.
        resets_at: when the next day's begin.
        asked: calls of the reserve that were spent because somebody asked for a poll.
    """

    left: int
    limit: int
    resets_at: datetime
    asked: int = 0

    def free(self, now: datetime) -> float:
        """Return the calls that pacing may plan with: all but the reserve."""
        remaining = self.resets_at - now
        reserve = max(0.0, RESERVE * self.limit - self.asked)
        kept = reserve * min(1.0, max(0.0, remaining / RELEASE))
        return max(0.0, self.left - kept)

    def supply(self, now: datetime) -> float:
        """Return the calls a second that pacing may plan with."""
        return self.free(now) / max(1.0, (self.resets_at - now).total_seconds())

    def spare(self, now: datetime) -> float:
        """Return the calls that polls at the usual pace will leave over today."""
        usual = (1 - RESERVE) * self.limit * ((self.resets_at - now) / _DAY)
        return self.free(now) - usual

    def when_spent(self, calls: float, now: datetime) -> datetime:
        """Return when polls will have spent so many more calls, all watches together.

        Half of the reserve counts for the last hours, and from the reset on the next day's calls:
        an interval reckoned with the few calls of a late hour must not reach far into that day.
        """
        released_at = max(now, self.resets_at - RELEASE)
        before = self.supply(now) * (released_at - now).total_seconds()
        if calls < before:
            return now + calls / before * (released_at - now)
        calls -= before
        evening = (self.left + self.free(now)) / 2 - before
        if calls < evening:
            return released_at + calls / evening * (self.resets_at - released_at)
        next_day = max(1.0, (1 - RESERVE) * self.limit)
        return self.resets_at + (calls - evening) / next_day * _DAY


@dataclass(frozen=True, slots=True)
class Plan:
    """How often a watch is polled.

    Args:
        interval: between two polls of its own; None when no calls are left.
        calls: search calls a poll is planned with.
        plenty: every watch is polled at every tick and calls are left over.
        packed_interval: between two packed polls that look for it, too; None if none does.
        least: no two polls of its own come closer.
    """

    interval: timedelta | None
    calls: float
    plenty: bool
    packed_interval: timedelta | None = None
    least: timedelta = timedelta(0)


def plan(
    loads: Sequence[Load], budget: Budget, *, now: datetime, tick: timedelta, lookback: timedelta
) -> dict[int, Plan]:
    """Share the calls that are left until the reset among the watches, by watch id."""
    supply = budget.supply(now)
    least = {load.watch_id: max(tick, load.least) for load in loads}
    for_all = {
        load.watch_id: _calls_for_all(max(load.rate, LEAST_RATE), least[load.watch_id], lookback)
        for load in loads
    }
    if sum(calls / least[w].total_seconds() for w, calls in for_all.items()) <= supply:
        return {w: Plan(least[w], n, plenty=True, least=least[w]) for w, n in for_all.items()}
    if supply < LEAST_SUPPLY:
        return {w: Plan(None, 1.0, plenty=False, least=least[w]) for w in least}
    intervals, calls = _share(loads, supply, least, lookback)
    return {w: Plan(intervals[w], calls[w], plenty=False, least=least[w]) for w in least}


def calls_allowed(plan_: Plan, budget: Budget, *, now: datetime, newest: int, others: bool) -> int:
    """Return how many calls a poll may make.

    For what is newest and takes so many pages, no more than are ever planned, and one for whatever
    else it has to read. What a poll spends beyond its plan makes the next intervals a little
    longer.
    """
    if plan_.plenty:
        return max(1, int(budget.free(now) / _POLLS_AHEAD))
    return max(1, min(newest, MOST_CALLS)) + int(others)


def has_spare(plan_: Plan, budget: Budget, now: datetime) -> bool:
    """Tell whether calls may go into whatever is due: in plenty, and late in the day."""
    late = budget.resets_at - now < RELEASE
    return plan_.plenty or (late and budget.spare(now) >= 1)


def next_due_at(started_at: datetime, plan_: Plan, budget: Budget, tick: timedelta) -> datetime:
    """Return when a watch polled at `started_at` is due again.

    That is after the calls all watches make in an interval: sooner where calls come to be more
    frequent, in the evening and on the next day. A second early, so that a poll that began just
    after its tick is due at a later tick.
    """
    slack = min(_TICK_SLACK, tick / 2)
    least = max(tick - slack, plan_.least if plan_.least > tick else timedelta(0))
    return started_at + max(least, _wait(started_at, plan_, budget, tick) - slack)


def _wait(started_at: datetime, plan_: Plan, budget: Budget, tick: timedelta) -> timedelta:
    """Return how long the calls that all watches make in an interval of a plan will last."""
    if plan_.interval is None:
        return budget.resets_at - started_at
    if plan_.interval <= tick:
        return tick
    calls = budget.supply(started_at) * plan_.interval.total_seconds()
    return budget.when_spent(calls, started_at) - started_at


def _share(
    loads: Sequence[Load], supply: float, least: Mapping[int, timedelta], lookback: timedelta
) -> tuple[dict[int, timedelta], dict[int, float]]:
    """Find intervals that use the supply; what a poll costs depends on them, so approach both."""
    rates = {load.watch_id: max(load.rate, LEAST_RATE) for load in loads}
    shares = {load.watch_id: load.share for load in loads}
    calls = dict.fromkeys(rates, 1.0)
    for _ in range(_ROUNDS):
        intervals = _intervals(shares, calls, supply, least)
        calls = {w: _calls(rates[w], intervals[w], lookback) for w in rates}
    return _intervals(shares, calls, supply, least), calls


def _intervals(
    shares: Mapping[int, float],
    calls: Mapping[int, float],
    supply: float,
    least: Mapping[int, timedelta],
) -> dict[int, timedelta]:
    """Give each watch its share; those that would get more than they may are held to that."""
    held: set[int] = set()
    while True:
        held_cost = sum(calls[w] / least[w].total_seconds() for w in held)
        weight = sum(sqrt(shares[w] * calls[w]) for w in shares if w not in held)
        per_second = {
            w: (supply - held_cost) / weight * sqrt(shares[w] / calls[w])
            for w in shares
            if w not in held
        }
        fast = {w for w, polls in per_second.items() if polls * least[w].total_seconds() > 1}
        if not fast:
            shared = {w: timedelta(seconds=1 / polls) for w, polls in per_second.items()}
            return {w: least[w] for w in held} | shared
        held |= fast


def _calls(rate: float, interval: timedelta, lookback: timedelta) -> float:
    """Return the calls a poll is planned with, on average: between one and two.

    One listing shows the new videos and, a look-back further down, those due again, as far as they
    fit on its page; the others wait until they fill a page of their own.
    """
    new = rate * interval.total_seconds()
    shown_last = rate * (interval + max(interval, lookback)).total_seconds()
    apart = min(new, max(0.0, shown_last - max(new, FILL)))
    return min(MOST_CALLS, (max(new, FILL) + apart) / FILL)


def _calls_for_all(rate: float, tick: timedelta, lookback: timedelta) -> float:
    """Return the calls of a poll that reads the whole look-back."""
    return float(max(1, ceil(rate * (tick + lookback).total_seconds() / FILL)))
