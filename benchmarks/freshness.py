"""How fresh a day's 100 searches keep a feed, and what is lost: whole days in virtual time.

Every policy gets the same arrivals and the same answers of search. Days are warmed up, measured,
and followed, so that what was published in the measured ones has the time to be found.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from math import sqrt
from statistics import mean, quantiles
from typing import TYPE_CHECKING

from app.domain.clock import pacific_day, pacific_midnight
from app.ingest import pacing
from app.telemetry import configure_logging
from benchmarks import policies
from benchmarks.arrivals import (
    DAY,
    DENSE_DAY,
    draw,
    generate_days,
    hours_of_lag,
    minutes_of_lag,
    no_lag,
    read_days,
    term_name,
    zipf,
)
from benchmarks.freshness_report import render
from benchmarks.policies import LIMIT, TICK, Quest
from benchmarks.stand_in import StandIn, VirtualClock

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.arrivals import Arrival, Day
    from benchmarks.policies import Gathered
    from benchmarks.results import Result

SEEDS = (1, 2, 3)
LOOKBACK = timedelta(hours=1)
PUNCTUAL_OMISSION = 0.05
FIRST_DAY = date(2026, 6, 1)
CALLS_OUTSIDE_THE_RESERVE = round((1 - pacing.RESERVE) * LIMIT)
POLICIES: Mapping[str, Callable[[Quest], Gathered]] = {
    "blind 10 s poll": policies.blind,
    "even spacing": policies.even,
    "even, no reserve": partial(policies.even, calls_a_day=CALLS_OUTSIDE_THE_RESERVE),
    "ours, alone": partial(policies.ours, share_searches=False),
    "ours": policies.ours,
}


@dataclass(frozen=True, slots=True)
class Days:
    """How many days a run has: to learn the rates, to measure, and to find what is still missing.

    They begin at a Pacific midnight, as the day of YouTube's quota does.
    """

    warming_up: int = 2
    measured: int = 2
    following: int = 2

    @property
    def measured_at(self) -> datetime:
        """When the measured days begin."""
        return pacific_midnight(FIRST_DAY + self.warming_up * DAY)

    @property
    def followed_at(self) -> datetime:
        """When they are over."""
        return pacific_midnight(FIRST_DAY + (self.warming_up + self.measured) * DAY)

    @property
    def all(self) -> int:
        """How many in all."""
        return self.warming_up + self.measured + self.following


@dataclass(frozen=True, slots=True)
class Scenario:
    """A workload.

    Args:
        name: as the report calls it.
        keywords: how many; the n-th brings 1/n of what the first does.
        layers: whole days of publish times laid over each other to make one.
        lag: how late search shows a video.
        omission: the share of what it ought to show that an answer leaves out.
        busy: a poll is for more than a page, or nearly.
    """

    name: str
    keywords: int
    layers: int = 1
    lag: Callable[[random.Random], float] = no_lag
    omission: float = 0.0
    busy: bool = False

    @property
    def punctual(self) -> bool:
        """Search shows nearly everything soon, and a page is enough for a poll."""
        return not self.busy and self.lag is not hours_of_lag and self.omission < PUNCTUAL_OMISSION


WHOLE = Days()
SCENARIOS = (
    Scenario("1 keyword", 1),
    Scenario("5 keywords", 5),
    Scenario("20 keywords", 20),
    Scenario("50 keywords", 50),
    Scenario("20 keywords, twice the videos", 20, layers=2),
    Scenario("1 keyword, twice the videos", 1, layers=2, busy=True),
    Scenario("10 keywords, shown 0-10 min late", 10, lag=minutes_of_lag),
    Scenario("10 keywords, shown up to 6 h late", 10, lag=hours_of_lag),
    Scenario("10 keywords, 2 % left out", 10, omission=0.02),
    Scenario("10 keywords, 10 % left out", 10, omission=0.1),
    Scenario("5 keywords, four times the videos", 5, layers=4, busy=True),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a policy did in one run, for the videos published in the measured days.

    Args:
        videos: published.
        delays: seconds from visible to stored, of each stored video.
        unread: not stored, and known to be still to read.
        lost: shown by search within the look-back, not stored, and not known to be still to read.
        withheld: of these, those that an answer asked for after the look-back left out.
        late: shown by search only after the look-back, and never stored.
        calls: on each measured day.
    """

    videos: int
    delays: Mapping[str, float]
    lost: frozenset[str]
    withheld: frozenset[str]
    unread: int
    late: int
    calls: tuple[int, ...]

    @property
    def mean(self) -> float:
        """Mean delay in seconds."""
        return mean(self.delays.values())

    @property
    def p95(self) -> float:
        """The delay that 95 % of the stored videos do not exceed."""
        return quantiles(self.delays.values(), n=20)[-1]

    def mean_of(self, video_ids: frozenset[str]) -> float:
        """Mean delay of some of the stored videos."""
        return mean(self.delays[video_id] for video_id in video_ids)


@dataclass(frozen=True, slots=True)
class Run:
    """One seed of a scenario: the figures of each policy, and the least mean delay there can be."""

    scenario: Scenario
    seed: int
    optimum: float
    figures: Mapping[str, Figures]


def run(corpus: Path | None = None, *, parallel: int | None = None) -> Result:
    """Run every scenario with every seed.

    Args:
        corpus: a file of real videos to take publish times from; without it they are generated.
        parallel: processes; by default one per core.
    """
    days = read_days(corpus) if corpus else generate_days(SEEDS[0])
    if len(days) < max(scenario.layers for scenario in SCENARIOS):
        raise ValueError(f"{corpus} has too few days of {DENSE_DAY} videos or more")
    jobs = [(scenario, seed) for scenario in SCENARIOS for seed in SEEDS]
    with ProcessPoolExecutor(parallel, initializer=_quieten) as pool:
        runs = list(pool.map(partial(_run_job, days), jobs))
    return render(runs, days=days, real=corpus is not None)


def run_scenario(
    scenario: Scenario,
    real_days: Sequence[Day],
    seed: int,
    names: Sequence[str] = tuple(POLICIES),
    days: Days = WHOLE,
) -> Run:
    """Run some policies over one seed of a scenario."""
    arrivals = _arrivals(scenario, real_days, seed, days)
    measured = [a for a in arrivals if days.measured_at <= a.published_at < days.followed_at]
    figures = {}
    for name in names:
        clock = VirtualClock(pacific_midnight(FIRST_DAY))
        source = StandIn(arrivals, clock, omission=scenario.omission, patience=LOOKBACK, seed=seed)
        gathered = POLICIES[name](
            Quest(
                source=source,
                clock=clock,
                terms=[term_name(number) for number in range(scenario.keywords)],
                starts_at=clock(),
                ends_at=clock() + days.all * DAY,
                lookback=LOOKBACK,
            )
        )
        figures[name] = _figures(measured, gathered, source, days)
    rate = len(measured) / (days.followed_at - days.measured_at).total_seconds()
    optimum = _optimum([share * rate for share in zipf(scenario.keywords)])
    return Run(scenario, seed, optimum, figures)


def _arrivals(scenario: Scenario, real_days: Sequence[Day], seed: int, days: Days) -> list[Arrival]:
    """From before the backfill, which reaches back a day, to after the end."""
    first_midnight = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
    return draw(
        real_days,
        starts_at=first_midnight - DAY,
        count=days.all + 2,
        layers=scenario.layers,
        shares=zipf(scenario.keywords),
        lag=scenario.lag,
        seed=seed,
    )


def _run_job(days: Sequence[Day], job: tuple[Scenario, int]) -> Run:
    return run_scenario(job[0], days, job[1])


def _quieten() -> None:
    configure_logging("critical")


def _figures(
    measured: Sequence[Arrival], gathered: Gathered, source: StandIn, days: Days
) -> Figures:
    stored = gathered.stored
    absent = [a for a in measured if a.video_id not in stored]
    missing = [
        a
        for a in absent
        if not any(s.holds(a.published_at) for s in gathered.unread.get(a.term, ()))
    ]
    lost = [a for a in missing if a.visible_at - a.published_at <= LOOKBACK]
    first_day = pacific_day(days.measured_at)
    return Figures(
        videos=len(measured),
        delays={
            a.video_id: (stored[a.video_id] - a.visible_at).total_seconds()
            for a in measured
            if a.video_id in stored
        },
        lost=frozenset(a.video_id for a in lost),
        withheld=frozenset(a.video_id for a in lost if a.video_id in source.withheld),
        unread=len(absent) - len(missing),
        late=len(missing) - len(lost),
        calls=tuple(source.calls[first_day + n * DAY] for n in range(days.measured)),
    )


def _optimum(rates: Sequence[float]) -> float:
    """Return the least mean delay for the calls outside the reserve.

    It is (sum of sqrt(rate * calls))^2 / (2 * supply * sum of rates), with the calls a poll of
    each watch is planned with: one where a look-back fits on a page, else up to two.
    """
    now = pacific_midnight(FIRST_DAY)
    budget = pacing.Budget(LIMIT, LIMIT, now + DAY)
    loads = [pacing.Load(number, rate) for number, rate in enumerate(rates)]
    plans = pacing.plan(loads, budget, now=now, tick=TICK, lookback=LOOKBACK)
    calls = [plans[number].calls for number in range(len(rates))]
    roots = sum(sqrt(rate * each) for rate, each in zip(rates, calls, strict=True))
    return roots**2 / (2 * budget.supply(now) * sum(rates))
