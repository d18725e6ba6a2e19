"""The pacer: what pacing decides, asked with what the store and the key ring know now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.quota import Bucket
from app.domain.watches import WatchKind
from app.ingest import pacing
from app.ingest.listings import Appetite, pages
from app.ingest.packed_pacing import share_calls
from app.ingest.terms import is_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.watches import ActiveWatch
    from app.ingest.listings import Listing
    from app.ingest.packed_pacing import PackedPolls
    from app.ingest.reserve import Reserve
    from app.quota.ledger import Ledger
    from app.quota.ring import KeyRing
    from app.store.store import Store

RATE_WINDOW = timedelta(days=2)
"""Over how long a watch's videos are counted to foresee its rate."""

_DAY = timedelta(days=1)
_MANY = 10
_LEAST_SECONDS = 3600.0
_LONG_SECONDS = 1e7  # longer than any day, and short enough to be added to an instant
_ROUNDING = timedelta(seconds=1)
_LAST_HOUR = timedelta(hours=1)
"""Of the day: what polls of their own will not need any more goes into packed ones."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a poll of one watch may do now, and when it comes again."""

    load: pacing.Load
    plan: pacing.Plan
    budget: pacing.Budget
    tick: timedelta
    now: datetime

    def appetite(self, lookback: timedelta, *, begins_at: datetime) -> Appetite:
        """Return how much to read of a watch that began then."""
        return Appetite(
            lookback=lookback,
            rate=self.load.rate,
            plenty=self.plan.plenty,
            spare=pacing.has_spare(self.plan, self.budget, self.now),
            begins_at=begins_at,
        )

    def calls_allowed(self, listings: Sequence[Listing]) -> int:
        """Return how many search calls a poll for these listings may make."""
        newest = pages((listing.wanted for listing in listings[:1]), self.load.rate)
        others = len(listings) > 1
        return pacing.calls_allowed(
            self.plan, self.budget, now=self.now, newest=newest, others=others
        )

    def next_due_at(self, started_at: datetime) -> datetime:
        """Return when a poll begun at `started_at` is to be followed by the next."""
        return pacing.next_due_at(started_at, self.plan, self.budget, self.tick)


@dataclass(frozen=True, slots=True)
class Outlook:
    """How the rest of today's calls is shared among the active watches, as of `now`.

    Args:
        plans: by watch id.
        packed: the polls that look for many at once; None where each has enough of its own.
        budget: what they share.
        now: when they were made.
    """

    plans: Mapping[int, pacing.Plan]
    packed: PackedPolls | None
    budget: pacing.Budget
    now: datetime

    @property
    def plenty(self) -> bool:
        """Whether there are watches, and calls enough for each of them at every tick."""
        return bool(self.plans) and all(plan.plenty for plan in self.plans.values())

    @property
    def reserved(self) -> float:
        """How many of the calls are kept back now."""
        return self.budget.left - self.budget.free(self.now)

    @property
    def last_call_at(self) -> datetime | None:
        """When the calls outside the reserve are spent, if watches are polled like this.

        None where some are left at the reset, or there are none now.
        """
        plans = self.plans.values()
        pace = sum(p.calls / p.interval.total_seconds() for p in plans if p.interval is not None)
        pace += 0.0 if self.packed is None else 1 / self.packed.interval.total_seconds()
        free = self.budget.free(self.now)
        if not pace or not free:
            return None
        spent_at = self.now + timedelta(seconds=min(free / pace, _LONG_SECONDS))
        late_by = spent_at - self.budget.resets_at
        if abs(late_by) <= _ROUNDING:
            return self.budget.resets_at
        return None if late_by > _ROUNDING else spent_at


class Pacer:
    """Shares the day's search calls; asks anew each time, as others spend and add watches too.

    Channels are not searched for, so they have no share.

    Args:
        store: counts what each watch brought.
        ring: knows what usable keys have left.
        ledger: knows the limits and when the day ends.
        reserve: knows which calls were asked for by hand.
        clock: the present.
        tick: the least time between two polls of a watch.
        lookback: the age at which a stretch is read again.
        packs: whether watches may share calls.
    """

    def __init__(
        self,
        store: Store,
        ring: KeyRing,
        ledger: Ledger,
        reserve: Reserve,
        clock: Clock,
        *,
        tick: timedelta,
        lookback: timedelta,
        packs: bool,
    ) -> None:
        self._store = store
        self._ring = ring
        self._ledger = ledger
        self._reserve = reserve
        self._clock = clock
        self._tick = tick
        self._lookback = lookback
        self._packs = packs

    def of(self, watch_id: int) -> Pace:
        """Return the pace of a watch; of one that is gone or paused, the pace of an idle one."""
        now = self._clock()
        loads = self._loads(now)
        load = loads.setdefault(watch_id, pacing.Load(watch_id, pacing.LEAST_RATE))
        budget = self.budget()
        plans, _ = self._plan(loads.values(), budget, now)
        return Pace(load, plans[watch_id], budget, self._tick, now)

    def outlook(self) -> Outlook:
        """Return how the rest of today's calls is shared now."""
        now, budget = self._clock(), self.budget()
        plans, packed = self._plan(self._loads(now).values(), budget, now)
        if packed is not None and budget.resets_at - now < _LAST_HOUR:
            packed = packed.at_least_every(timedelta(seconds=1 / budget.supply(now)))
        return Outlook(plans, packed, budget, now)

    def loads(self) -> list[pacing.Load]:
        """Return the active watches with the videos a second they bring."""
        return list(self._loads(self._clock()).values())

    def full_day(self, loads: Sequence[pacing.Load]) -> dict[int, pacing.Plan]:
        """Return how watches would be polled with a whole day's calls, by watch id."""
        now = self._clock()
        limit = self._ring.limit(Bucket.SEARCH)
        budget = pacing.Budget(limit, limit, now + _DAY)
        return self._plan(loads, budget, now)[0]

    def budget(self) -> pacing.Budget:
        """Return what is left of today's search calls."""
        return pacing.Budget(
            left=self._ring.left(Bucket.SEARCH),
            limit=self._ring.limit(Bucket.SEARCH),
            resets_at=self._ledger.resets_at(),
            asked=self._reserve.asked(),
        )

    def _plan(
        self, loads: Iterable[pacing.Load], budget: pacing.Budget, now: datetime
    ) -> tuple[dict[int, pacing.Plan], PackedPolls | None]:
        each = list(loads)
        plans = pacing.plan(each, budget, now=now, tick=self._tick, lookback=self._lookback)
        return share_calls(each, plans, self._lookback) if self._packs else (plans, None)

    def _loads(self, now: datetime) -> dict[int, pacing.Load]:
        since = (now - RATE_WINDOW).replace(minute=0, second=0, microsecond=0)
        active = self._store.read(lambda transaction: transaction.watches.list_active(since))
        searched = (watch for watch in active if watch.kind is WatchKind.KEYWORD)
        return {watch.watch_id: _load(watch, since, now) for watch in searched}


def _load(watch: ActiveWatch, since: datetime, now: datetime) -> pacing.Load:
    rate = videos_per_second(watch.videos, watch.first_hour, since, now)
    return pacing.Load(
        watch_id=watch.watch_id,
        rate=rate,
        term=watch.term if is_plain(watch.term) else None,
        weight=watch.weight,
        least=timedelta(seconds=watch.min_interval_seconds or 0),
        locale=watch.locale,
    )


def videos_per_second(videos: int, first_hour: datetime, since: datetime, now: datetime) -> float:
    """Return the videos a second that so many since then make.

    A handful says little about when a watch began to bring videos, so it counts for the whole
    window; many are spread from their first hour on, since older ones may not be read yet.
    """
    start = first_hour if videos >= _MANY else since
    return videos / max((now - start).total_seconds(), _LEAST_SECONDS)
