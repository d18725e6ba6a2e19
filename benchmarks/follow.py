"""What following channels for keywords does to the delay: whole days of the product, virtual time.

The same arrivals are met by searches alone, with feeds of followed channels, and with pushes. Delay
counts from publication: what search shows late is late.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import mean
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from app.bootstrap import build_services
from app.domain.clock import pacific_midnight
from app.settings import Settings
from app.telemetry import configure_logging
from benchmarks.arrivals import DAY, hours_of_lag, term_name
from benchmarks.follow_report import JUDGED, render
from benchmarks.follow_world import (
    KEYWORDS,
    MOSTLY,
    OFF_TOPIC,
    ChanneledStandIn,
    StandInHub,
    generated,
    recorded,
    recurring,
)
from benchmarks.freshness import FIRST_DAY, Days
from benchmarks.policies import LIMIT, TICK, read_feed
from benchmarks.stand_in import VirtualClock

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from app.bootstrap import Services
    from benchmarks.arrivals import Arrival
    from benchmarks.results import Result

SEEDS = (1,)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Policy:
    """A way to find the videos.

    Args:
        name: as the report calls it.
        channels: how many channels may be followed.
        push: the hub can reach us.
        feeds_kept: others ask for the feeds, too, so what we get is up to 15 minutes old.
    """

    name: str
    channels: int = 200
    push: bool = False
    feeds_kept: bool = False


ALONE = Policy("search alone", channels=0)
FEED = Policy("followed, by feed")
OLD_FEED = Policy("followed, by old feed", feeds_kept=True)
PUSH = Policy("followed, by push", push=True)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A workload.

    Args:
        name: as the report calls it.
        lag: how late search shows a video.
        days: warmed up, measured, followed.
        policies: those that meet it.
        recurring: of its generated videos, how many are of channels that keep to a keyword.
        real: its videos are those of the corpus.
    """

    name: str
    lag: Callable[[random.Random], float]
    days: Days
    policies: tuple[Policy, ...]
    recurring: float = MOSTLY
    real: bool = False


SCENARIOS = (
    # Few videos are of other channels, and one found a day late is a sixth of an hour in a day's
    # mean: it takes some days to see what they do to it.
    Scenario(JUDGED, hours_of_lag, Days(2, 8, 1), (ALONE, FEED, PUSH)),
    Scenario("one in twenty from elsewhere", hours_of_lag, Days(2, 1, 1), (FEED, PUSH), 0.95),
    Scenario("recurring channels, old feeds", hours_of_lag, Days(2, 1, 1), (OLD_FEED,)),
    Scenario("channels as in the corpus", hours_of_lag, Days(8, 1, 1), (ALONE, PUSH), real=True),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a policy did in one run, for the videos with a keyword published in the measured days.

    Args:
        videos: published.
        recurring: seconds from published to stored, of those of recurring channels.
        others: the same of the others.
        calls: searches on each measured day.
        units: on each measured day.
        feeds: feeds read on each measured day.
        pushes: that came in all.
        strays: videos stored that hold no keyword.
        followed: channels followed at the end of each day.
    """

    videos: int
    recurring: tuple[float, ...]
    others: tuple[float, ...]
    calls: tuple[int, ...]
    units: tuple[int, ...]
    feeds: tuple[int, ...]
    pushes: int
    strays: int
    followed: tuple[int, ...]

    @property
    def mean(self) -> float:
        """Mean delay in seconds."""
        return mean((*self.recurring, *self.others))


@dataclass(frozen=True, slots=True)
class Lived:
    """What there is at the end of a run: when each video was stored, and as of `Figures`."""

    stored: Mapping[str, datetime]
    followed: tuple[int, ...]
    pushes: int


@dataclass(frozen=True, slots=True)
class Run:
    """One seed of a scenario under one policy; `channels` recur in it."""

    scenario: str
    policy: str
    seed: int
    channels: int
    figures: Figures


def run(corpus: Path | None = None, *, parallel: int | None = None) -> Result:
    """Run every scenario with every seed and policy.

    Args:
        corpus: a file of real videos, for the scenario that is about them; without it that is left
            out.
        parallel: processes; by default one per core.
    """
    jobs = [
        (scenario, policy, seed)
        for scenario in SCENARIOS
        if corpus or not scenario.real
        for seed in SEEDS
        for policy in scenario.policies
    ]
    with ProcessPoolExecutor(parallel, initializer=_quieten) as pool:
        runs = list(pool.map(partial(_run_job, corpus), jobs))
    return render(runs)


def run_policy(scenario: Scenario, arrivals: Sequence[Arrival], policy: Policy, seed: int) -> Run:
    """Run a policy over one seed of a scenario."""
    clock = VirtualClock(pacific_midnight(FIRST_DAY))
    source = ChanneledStandIn(arrivals, clock, feeds_kept=policy.feeds_kept, seed=seed)
    hub = StandInHub(arrivals, clock)
    with TemporaryDirectory(prefix="newsreel-") as folder:
        settings = Settings(
            database_url=f"sqlite:///{folder}/follow.db",
            youtube_api_keys="key",
            youtube_search_calls_per_day=LIMIT,
            keywords=",".join(map(term_name, range(KEYWORDS))),
            fetch_interval_seconds=int(TICK.total_seconds()),
            follow_channels=policy.channels,
            public_url="https://news.invalid/" if policy.push else "",
        )
        services = build_services(settings, clock, source, channels=source, feeds=source, hub=hub)
        hub.receiver = services.pushes
        try:
            services.store.migrate()
            followed = _live(services, clock, hub, clock() + scenario.days.all * DAY)
            lived = Lived(read_feed(services), followed, hub.pushes)
        finally:
            services.close()
    figures = _figures(arrivals, scenario.days, source, lived)
    return Run(scenario.name, policy.name, seed, len(recurring(arrivals)), figures)


def arrivals_of(scenario: Scenario, seed: int, corpus: Path | None) -> list[Arrival]:
    """Return what is published in a scenario, from a day before its beginning on."""
    midnight = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
    count = scenario.days.all + 2
    if not scenario.real:
        return generated(seed, midnight - DAY, count, scenario.lag, scenario.recurring)
    if corpus is None:
        raise ValueError("this scenario needs a corpus")
    return recorded(corpus, seed, midnight - DAY, count, scenario.lag)


def _run_job(corpus: Path | None, job: tuple[Scenario, Policy, int]) -> Run:
    scenario, policy, seed = job
    return run_policy(scenario, arrivals_of(scenario, seed, corpus), policy, seed)


def _quieten() -> None:
    configure_logging("critical")


def _live(
    services: Services, clock: VirtualClock, hub: StandInHub, ends_at: datetime
) -> tuple[int, ...]:
    """Tick as a scheduler does, past ticks at which nothing is due; count who is followed daily."""
    starts_at, followed = clock(), list[int]()
    while clock() < ends_at:
        busy = _tick(services, hub)
        if clock() >= starts_at + (len(followed) + 1) * DAY:
            followed.append(services.store.read(lambda t: t.follows.count_channels()))
        ahead = [_next_at(services), hub.next_at(), clock() + (TICK if busy else HOUR)]
        ticks = -((starts_at - min(filter(None, ahead))) // TICK)
        clock.move_to(max(clock() + TICK, starts_at + ticks * TICK))
    return tuple(followed)


def _tick(services: Services, hub: StandInHub) -> bool:
    """Do a tick's work; tell whether there may be more of the same."""
    hub.push()
    for claim in services.ingest.tick():
        services.ingest.run(claim)
    for pack in services.packed.due():
        services.packed.run(pack)
    if services.scout.due():
        services.scout.run()
    channels = services.subscriber.due()
    for channel_id in channels:
        services.subscriber.run(channel_id)
    followed = services.follower.due()
    for channel_id in followed:
        services.follower.run(channel_id)
    return bool(channels or followed)


def _next_at(services: Services) -> datetime:
    """Return when something is due at the earliest, but for subscriptions and the scout."""
    due = [watch.next_due_at for watch in services.watching.list_all()]
    due += filter(None, [services.packed.look_at])
    due += filter(None, [services.store.read(lambda t: t.follows.next_due_at())])
    return min(due)


def _figures(
    arrivals: Sequence[Arrival], days: Days, source: ChanneledStandIn, lived: Lived
) -> Figures:
    in_time = [a for a in arrivals if days.measured_at <= a.published_at < days.followed_at]
    measured = [arrival for arrival in in_time if arrival.term != OFF_TOPIC]
    again = recurring(arrivals)
    delays = [
        (a.channel_id in again, (lived.stored[a.video_id] - a.published_at).total_seconds())
        for a in measured
        if a.video_id in lived.stored
    ]
    dates = [FIRST_DAY + number * DAY for number in range(days.warming_up, days.all)]
    dates = dates[: days.measured]
    return Figures(
        videos=len(measured),
        recurring=tuple(seconds for recurs, seconds in delays if recurs),
        others=tuple(seconds for recurs, seconds in delays if not recurs),
        calls=tuple(source.calls[date] for date in dates),
        units=tuple(source.units[date] for date in dates),
        feeds=tuple(source.feeds_read[date] for date in dates),
        pushes=lived.pushes,
        strays=sum(a.video_id in lived.stored for a in arrivals if a.term == OFF_TOPIC),
        followed=lived.followed,
    )
