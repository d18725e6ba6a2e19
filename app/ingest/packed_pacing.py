"""How watches share search calls where each has too few of its own, as pure functions.

A watch of its own pace is read twice and complete. One whose own calls come further apart than a
look-back gets fewer of them, enough for both readings, and the calls this frees go into packed
polls that look for many watches at once: they bring most videos early, and complete nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from math import ceil, sqrt
from typing import TYPE_CHECKING

from app.ingest.listings import FILL, PAGE_ITEMS
from app.ingest.pacing import LEAST_RATE, LEAST_SUPPLY
from app.ingest.packing import MAX_TERMS, Packable, pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from app.ingest.pacing import Load, Plan
    from app.ingest.packing import Pack

REACH = timedelta(days=1)
"""How far back a packed poll looks: below what is new, its page shows what search showed late."""

OWN_SHARE = 0.5
"""Of the calls of watches that share, how much their own polls may take."""

GAIN = 0.8
"""Sharing has to bring the mean delay down to this part of it to be worth the completeness."""

MOST_TO_READ = 0.75
"""Of all calls, how much it may take to read twice what the watches bring: beyond it nobody shares,
since own polls need the calls to lose nothing."""

BEARABLE = timedelta(hours=6)
"""Unless videos wait longer than this on average: then they are better seen in part and early."""

_LONGEST_OWN = timedelta(days=1)
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class PackedPolls:
    """The packed polls of the day.

    Args:
        interval: between two of them.
        packs: the watch ids that each looks for.
        rates: the videos a second that each brings.
        shares: the same, each watch's by its weight: by the root of that packs have their turns.
    """

    interval: timedelta
    packs: tuple[tuple[int, ...], ...]
    rates: tuple[float, ...]
    shares: tuple[float, ...]

    def at_least_every(self, interval: timedelta) -> PackedPolls:
        """Return the same with no more than this between two."""
        return replace(self, interval=min(self.interval, interval))

    def turns(self) -> dict[tuple[int, ...], timedelta]:
        """Return how often each pack has its turn: by the root of its share."""
        roots = [sqrt(share) for share in self.shares]
        every = sum(roots)
        return {
            p: self.interval * (every / root) for p, root in zip(self.packs, roots, strict=True)
        }

    def of_several(self) -> PackedPolls | None:
        """Return those that look for more than one watch, as often as among all; None if none."""
        turns = {pack: turn for pack, turn in self.turns().items() if len(pack) > 1}
        if not turns:
            return None
        rates = tuple(r for p, r in zip(self.packs, self.rates, strict=True) if p in turns)
        shares = tuple(s for p, s in zip(self.packs, self.shares, strict=True) if p in turns)
        a_second = sum(1 / turn.total_seconds() for turn in turns.values())
        return PackedPolls(timedelta(seconds=1 / a_second), tuple(turns), rates, shares)

    def most_in_want(self, waited: Mapping[int, timedelta]) -> tuple[int, ...]:
        """Return the pack with the greatest product of its share and the square of its wait.

        So packs have their turns by the root of their share, which makes the mean delay least.

        Args:
            waited: for how long nobody has looked for a watch, by its id; others do not count.
        """

        def want(members: tuple[int, ...], share: float) -> float:
            waits = (waited[w].total_seconds() for w in members if w in waited)
            return share * max(waits, default=0.0) ** 2

        rated = zip(self.packs, self.shares, strict=True)
        return max(rated, key=lambda each: want(*each))[0]

    def mean_wait(self, turn: timedelta) -> timedelta:
        """Return how long one waits on average for a turn that comes so often.

        Half of it if it came evenly, but packed polls are an interval apart: a turn comes after so
        many of them or one more.
        """
        polls = turn / self.interval
        uneven = (polls % 1) * (1 - polls % 1)
        return self.interval * ((polls**2 + uneven) / (2 * polls))


def share_calls(
    loads: Sequence[Load], plans: Mapping[int, Plan], lookback: timedelta
) -> tuple[dict[int, Plan], PackedPolls | None]:
    """Return the plans with those changed that share calls, and how they share them.

    Nothing changes where sharing would not bring videos much earlier, or would take calls that the
    watches need to read all that they bring.
    """
    slow = [load for load in loads if load.term and _is_slow(plans[load.watch_id], lookback)]
    supply = sum(_calls_a_second(plans[load.watch_id]) for load in slow)
    if len(slow) < 2 or supply < LEAST_SUPPLY:  # noqa: PLR2004 - nobody or nothing to share
        return dict(plans), None
    shares = {load.watch_id: load.share for load in slow}
    alone = mean_delay(shares, plans, None)
    if alone < BEARABLE and _need_all_calls(loads, plans):
        return dict(plans), None
    best = _best_way(slow, _own_plans(slow, plans, supply), supply, shares)
    if best is None or mean_delay(shares, *best) > GAIN * alone:
        return dict(plans), None
    shared, packed = best
    looked = {w: turn for members, turn in packed.turns().items() for w in members}
    shared |= {w: replace(shared[w], packed_interval=turn) for w, turn in looked.items()}
    return {**plans, **shared}, packed


def _need_all_calls(loads: Sequence[Load], plans: Mapping[int, Plan]) -> bool:
    """Tell whether it takes nearly all calls to read twice what all watches together bring."""
    polled = [load for load in loads if plans[load.watch_id].interval is not None]
    supply = sum(_calls_a_second(plans[load.watch_id]) for load in polled)
    return 2 * sum(load.rate for load in polled) / FILL > MOST_TO_READ * supply


def mean_delay(
    shares: Mapping[int, float], plans: Mapping[int, Plan], packed: PackedPolls | None
) -> timedelta:
    """Return how long a video of these watches waits on average until a search shows it.

    A packed poll shows as many of the newest as a page holds, and no older ones than it looks for;
    the others wait for their watch's own.

    Args:
        shares: the videos a second that each watch brings, times what they count for, by its id.
        plans: how often each is polled by itself.
        packed: the packed polls, if there are any.
    """
    waits = {w: share * _seconds(plans[w]) / 2 for w, share in shares.items()}
    if packed is not None:
        for (members, turn), rate in zip(packed.turns().items(), packed.rates, strict=True):
            shown = min(turn, REACH, timedelta(seconds=PAGE_ITEMS / rate))
            wait = packed.mean_wait(turn) if shown == turn else shown / 2
            for w in members:
                soon = shares[w] * wait.total_seconds()
                waits[w] += (shown / turn) * (soon - waits[w])
    return timedelta(seconds=sum(waits.values()) / sum(shares.values()))


def _is_slow(plan: Plan, lookback: timedelta) -> bool:
    """Tell whether calls keep a watch from being polled once a look-back, and nobody's wish."""
    longest = max(lookback, plan.least)
    return not plan.plenty and plan.interval is not None and plan.interval > longest


def _own_plans(slow: Sequence[Load], plans: Mapping[int, Plan], supply: float) -> dict[int, Plan]:
    """Give each watch polls of its own whose page shows what came since the last but one.

    Never more often than without sharing, and together no more than their share of the calls: many
    watches get them further apart. Planned with one call; a second page comes on top, as anywhere.
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


def _best_way(
    slow: Sequence[Load], own: dict[int, Plan], supply: float, shares: Mapping[int, float]
) -> tuple[dict[int, Plan], PackedPolls] | None:
    """Return the plans and packed polls with the least mean delay; None if nobody has company."""
    left = supply - sum(map(_calls_a_second, own.values()))
    ways = [
        (own | _without_company(each, own), several)
        for each in _packings(slow, left)
        if (several := each.of_several()) is not None
    ]
    return min(ways, key=lambda way: mean_delay(shares, *way), default=None)


def _without_company(packed: PackedPolls, own: Mapping[int, Plan]) -> dict[int, Plan]:
    """Return plans for those that share a search with nobody: it is one of their own as well."""
    alone = {pack[0]: turn for pack, turn in packed.turns().items() if len(pack) == 1}
    calls = {w: _calls_a_second(own[w]) + 1 / turn.total_seconds() for w, turn in alone.items()}
    every = {w: max(own[w].least, timedelta(seconds=1 / calls[w])) for w in alone}
    return {w: replace(own[w], interval=interval) for w, interval in every.items()}


def _packings(slow: Sequence[Load], supply: float) -> Iterator[PackedPolls]:
    """Pack the watches so that a page shows what a pack brings between its turns.

    How long that is depends on how many packs there are, so approach both. Where there are more
    videos than pages can show no packs are small enough; which of them do best is for the caller.
    """
    by_term = {load.term: load for load in slow if load.term}
    interval = timedelta(seconds=1 / supply)
    count = ceil(len(by_term) / MAX_TERMS)
    for _ in range(_ROUNDS):
        packs = _packs(by_term.values(), (interval * count).total_seconds())
        members = [[by_term[term] for term in each.terms] for each in packs]
        yield PackedPolls(
            interval=interval,
            packs=tuple(tuple(load.watch_id for load in loads) for loads in members),
            rates=tuple(each.rate for each in packs),
            shares=tuple(sum(load.share for load in loads) for loads in members),
        )
        if len(packs) == count:
            return
        count = len(packs)


def _packs(loads: Iterable[Load], seconds: float) -> list[Pack]:
    """Pack the watches of each region and language by themselves."""
    alike: dict[tuple[str | None, str | None], list[Packable]] = defaultdict(list)
    for load in loads:
        if load.term:
            alike[load.locale].append(Packable(load.term, _rate(load)))
    return [each for group in alike.values() for each in pack(group, seconds, fill=FILL)]


def _rate(load: Load) -> float:
    return max(load.rate, LEAST_RATE)


def _calls_a_second(plan: Plan) -> float:
    return plan.calls / _seconds(plan)


def _seconds(plan: Plan) -> float:
    """Return the seconds between two polls of a plan that has any."""
    return plan.interval.total_seconds() if plan.interval is not None else float("inf")
