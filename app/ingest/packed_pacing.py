"""How watches share search calls where each has too few of its own, as pure functions.

A watch of its own pace is read twice and complete. One whose own calls come further apart than a
look-back gets fewer of them, enough for both readings, and the calls this frees go into packed
polls that look for many watches at once: they bring most videos early, and complete nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from math import sqrt
from typing import TYPE_CHECKING

from app.ingest.listings import FILL
from app.ingest.pacing import LEAST_RATE
from app.ingest.packing import Packable, pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from app.ingest.pacing import Load, Plan

OWN_SHARE = 0.5
"""Of the calls of watches that share, how much their own polls may take."""

GAIN = 0.8
"""Sharing has to bring the mean delay down to this part of it to be worth the completeness."""

_LONGEST_OWN = timedelta(days=1)
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class PackedPolls:
    """The packed polls of the day.

    Args:
        interval: between two of them.
        packs: the watch ids that each looks for.
        rates: the videos a second that each brings.
    """

    interval: timedelta
    packs: tuple[tuple[int, ...], ...]
    rates: tuple[float, ...]

    def at_least_every(self, interval: timedelta) -> PackedPolls:
        """Return the same with no more than this between two."""
        return replace(self, interval=min(self.interval, interval))

    def intervals(self) -> Iterable[timedelta]:
        """Return how often each pack has its turn: by the root of what it brings."""
        roots = [sqrt(rate) for rate in self.rates]
        return (self.interval * (sum(roots) / root) for root in roots)

    def mean_delay(self) -> timedelta:
        """Return how long a video waits on average for its pack's turn."""
        turns = zip(self.rates, self.intervals(), strict=True)
        waits = sum((rate * each / 2 for rate, each in turns), timedelta(0))
        return waits / sum(self.rates)


def share_calls(
    loads: Sequence[Load], plans: Mapping[int, Plan], lookback: timedelta
) -> tuple[dict[int, Plan], PackedPolls | None]:
    """Return the plans with those changed that share calls, and how they share them.

    Nothing changes where sharing would not bring videos much earlier.
    """
    slow = [load for load in loads if load.term and _is_slow(plans[load.watch_id], lookback)]
    if len(slow) < 2:  # noqa: PLR2004 - nobody to share with
        return dict(plans), None
    supply = sum(_calls_a_second(plans[load.watch_id]) for load in slow)
    own = _own_plans(slow, plans, supply)
    packed = _packed_polls(slow, supply - sum(map(_calls_a_second, own.values())))
    rate = sum(_rate(load) for load in slow)
    alone = sum(_rate(load) * _seconds(plans[load.watch_id]) / 2 for load in slow) / rate
    if packed.mean_delay().total_seconds() > GAIN * alone:
        return dict(plans), None
    every = dict(zip(packed.packs, packed.intervals(), strict=True))
    looked = {watch_id: each for members, each in every.items() for watch_id in members}
    shared = {w: replace(plan, packed_interval=looked[w]) for w, plan in own.items()}
    return {**plans, **shared}, packed


def _is_slow(plan: Plan, lookback: timedelta) -> bool:
    return not plan.plenty and plan.interval is not None and plan.interval > lookback


def _own_plans(slow: Sequence[Load], plans: Mapping[int, Plan], supply: float) -> dict[int, Plan]:
    """Give each watch polls of its own whose page shows what came since the last but one.

    Never more often than without sharing, and together no more than their share of the calls.
    """
    intervals = {}
    for load in slow:
        filled = timedelta(seconds=FILL / 2 / _rate(load))
        alone = timedelta(seconds=_seconds(plans[load.watch_id]))
        intervals[load.watch_id] = max(alone, min(filled, _LONGEST_OWN))
    wanted = sum(1 / each.total_seconds() for each in intervals.values())
    stretched = max(1.0, wanted / (OWN_SHARE * supply))
    return {
        w: replace(plans[w], interval=each * stretched, calls=1.0) for w, each in intervals.items()
    }


def _packed_polls(slow: Sequence[Load], supply: float) -> PackedPolls:
    """Pack the watches so that a page shows what a pack brings between its turns.

    How long that is depends on how many packs there are, so approach both.
    """
    by_term = {load.term: load for load in slow if load.term}
    interval = timedelta(seconds=1 / supply)
    turn = interval
    for _ in range(_ROUNDS):
        packable = [Packable(t, _rate(load), turn.total_seconds()) for t, load in by_term.items()]
        packs = pack(packable, fill=FILL)
        turn = interval * len(packs)
    return PackedPolls(
        interval=interval,
        packs=tuple(tuple(by_term[term].watch_id for term in p.terms) for p in packs),
        rates=tuple(sum(member.rate for member in p.members) for p in packs),
    )


def _rate(load: Load) -> float:
    return max(load.rate, LEAST_RATE)


def _calls_a_second(plan: Plan) -> float:
    return plan.calls / _seconds(plan)


def _seconds(plan: Plan) -> float:
    """Return the seconds between two polls of a plan that has any."""
    return plan.interval.total_seconds() if plan.interval is not None else float("inf")
