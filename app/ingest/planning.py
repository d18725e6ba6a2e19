"""What-if: what a new watch would cost, and what it would take from the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.errors import InvalidValueError
from app.domain.watches import WatchKind, parse_keyword
from app.ingest import pacing
from app.ingest.terms import is_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.watches import Watch
    from app.ingest.pacer import Pacer
    from app.store.store import Store

_NEW = 0
"""No watch has this id: it stands for the one that is asked about."""

USUAL_VIDEOS_PER_DAY = 50.0
MAX_VIDEOS_PER_DAY = 1_000_000.0
_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Cadence:
    """How a watch is polled, in seconds; None when no calls are left to plan with.

    `interval_seconds` is between polls that look for it, packed ones where it has any;
    `mean_delay_seconds` from a video's appearance in search to its being stored, half of that on
    average; `calls_per_day` are its own.
    """

    interval_seconds: float | None
    mean_delay_seconds: float | None
    calls_per_day: float


@dataclass(frozen=True, slots=True)
class Slowdown:
    """What happens to a watch that is there already."""

    watch: Watch
    before: Cadence
    after: Cadence


@dataclass(frozen=True, slots=True)
class Preview:
    """What watching a term would cost.

    Args:
        term: as it would be watched.
        videos_per_day: the rate that is reckoned with, one a day at least.
        cadence: how the new watch would be polled, with a full day's calls.
        others: the watches that would be polled less often.
        known: it is watched already, and not paused: nothing would change.
    """

    term: str
    videos_per_day: float
    cadence: Cadence
    others: tuple[Slowdown, ...]
    known: bool


class Planning:
    """Answers what-if questions; changes nothing."""

    def __init__(self, store: Store, pacer: Pacer) -> None:
        self._store = store
        self._pacer = pacer

    def preview(self, text: str, videos_per_day: float | None = None) -> Preview:
        """Say what watching a keyword would cost on a full day's calls.

        Without a rate the mean of the present watches is taken, or 50 videos a day; of a keyword
        that is watched already, its own.

        Raises:
            InvalidValueError: not a keyword, or not a rate above 0 and up to a million a day.
            StoreUnavailableError: the database is away.
        """
        term = parse_keyword(text)
        if videos_per_day is not None and not 0 < videos_per_day <= MAX_VIDEOS_PER_DAY:
            raise InvalidValueError("videos per day: a number above 0 and up to a million")
        watches = self._store.read(lambda transaction: transaction.watches.list_all())
        loads = self._pacer.loads()
        before = self._pacer.full_day(loads)
        known = next((watch for watch in watches if _is_for(watch, term)), None)
        if known is not None and known.watch_id in before:
            own = next(load.rate for load in loads if load.watch_id == known.watch_id)
            cadence = _cadence(before[known.watch_id])
            return Preview(term, _per_day(own), cadence, (), known=True)
        rate = _rate(videos_per_day, loads)
        shared = term if is_plain(term) else None
        after = self._pacer.full_day([*loads, pacing.Load(_NEW, rate, shared)])
        others = (
            Slowdown(watch, _cadence(before[watch.watch_id]), _cadence(after[watch.watch_id]))
            for watch in watches
            if watch.watch_id in before
        )
        slower = tuple(other for other in others if _is_slower(other))
        return Preview(term, _per_day(rate), _cadence(after[_NEW]), slower, known=False)


def _is_for(watch: Watch, term: str) -> bool:
    return watch.kind is WatchKind.KEYWORD and watch.term == term


def _is_slower(change: Slowdown) -> bool:
    before, after = change.before.interval_seconds, change.after.interval_seconds
    return before is not None and (after is None or after > before)


def _rate(videos_per_day: float | None, loads: Sequence[pacing.Load]) -> float:
    """Return videos a second."""
    if videos_per_day is not None:
        return videos_per_day / _DAY_SECONDS
    if not loads:
        return USUAL_VIDEOS_PER_DAY / _DAY_SECONDS
    return sum(load.rate for load in loads) / len(loads)


def _per_day(rate: float) -> float:
    """Return the videos a day that pacing reckons with."""
    return max(rate, pacing.LEAST_RATE) * _DAY_SECONDS


def _cadence(plan: pacing.Plan) -> Cadence:
    if plan.interval is None:
        return Cadence(None, None, 0.0)
    seconds = plan.interval.total_seconds()
    looked = seconds if plan.packed_interval is None else plan.packed_interval.total_seconds()
    return Cadence(looked, looked / 2, plan.calls * _DAY_SECONDS / seconds)
