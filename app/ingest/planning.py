"""What-if: what a new watch would cost, and what it would take from the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.watches import parse_keyword
from app.ingest import pacing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.watches import Watch
    from app.ingest.pacer import Pacer
    from app.store.store import Store

_NEW = 0
"""No watch has this id: it stands for the one that is asked about."""

USUAL_VIDEOS_PER_DAY = 50.0
_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """How a watch is polled, in seconds; None when no calls are left to plan with.

    `mean_delay_seconds` is from a video's appearance in search to its being stored: half an
    interval on average.
    """

    interval_seconds: float | None
    mean_delay_seconds: float | None
    calls_per_day: float


@dataclass(frozen=True, slots=True)
class Slowdown:
    """What happens to a watch that is there already."""

    watch: Watch
    before: Forecast
    after: Forecast


@dataclass(frozen=True, slots=True)
class Preview:
    """What watching a term would cost.

    Args:
        term: as it would be watched.
        videos_per_day: the rate that is reckoned with.
        forecast: how the new watch would be polled, with a full day's calls.
        others: the watches that would be polled less often.
        known: it is watched already; nothing would change.
    """

    term: str
    videos_per_day: float
    forecast: Forecast
    others: tuple[Slowdown, ...]
    known: bool


class Planning:
    """Answers what-if questions; changes nothing."""

    def __init__(self, store: Store, pacer: Pacer) -> None:
        self._store = store
        self._pacer = pacer

    def preview(self, text: str, videos_per_day: float | None = None) -> Preview:
        """Say what watching a keyword would cost on a full day's calls.

        Without a rate the mean of the present watches is taken, or 50 videos a day.

        Raises:
            InvalidValueError: not a keyword.
            StoreUnavailableError: the database is away.
        """
        term = parse_keyword(text)
        watches = self._store.read(lambda transaction: transaction.watches.list_all())
        loads = self._pacer.loads()
        known = next((watch for watch in watches if watch.term == term), None)
        rate = _rate(videos_per_day, loads)
        before = self._pacer.full_day(loads)
        if known is not None and known.watch_id in before:
            forecast = _forecast(before[known.watch_id])
            own = next(load.rate for load in loads if load.watch_id == known.watch_id)
            return Preview(term, own * _DAY_SECONDS, forecast, (), known=True)
        after = self._pacer.full_day([*loads, pacing.Load(_NEW, rate)])
        others = (
            Slowdown(watch, _forecast(before[watch.watch_id]), _forecast(after[watch.watch_id]))
            for watch in watches
            if watch.watch_id in before
        )
        slower = tuple(other for other in others if other.before != other.after)
        return Preview(term, rate * _DAY_SECONDS, _forecast(after[_NEW]), slower, known=False)


def _rate(videos_per_day: float | None, loads: Sequence[pacing.Load]) -> float:
    if videos_per_day is not None:
        return videos_per_day / _DAY_SECONDS
    if not loads:
        return USUAL_VIDEOS_PER_DAY / _DAY_SECONDS
    return sum(load.rate for load in loads) / len(loads)


def _forecast(plan: pacing.Plan) -> Forecast:
    if plan.interval is None:
        return Forecast(None, None, 0.0)
    seconds = plan.interval.total_seconds()
    return Forecast(seconds, seconds / 2, plan.calls * _DAY_SECONDS / seconds)
