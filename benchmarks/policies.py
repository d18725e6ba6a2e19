"""Ways to spend a day's searches, on the same arrivals in virtual time.

The product's own runs whole: bootstrap, ticks, claims, planner, ledger and a SQLite file; only
YouTube and the clock are stood in for. The others are as plain as they are written by hand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from app.bootstrap import Services, build_services
from app.domain.clock import pacific_day, pacific_midnight, parse_instant
from app.domain.feeds import ALL, PageRequest
from app.domain.ranges import Reading, Stretch
from app.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from benchmarks.stand_in import StandIn, VirtualClock

    Stored = dict[str, datetime]
    """When each video was stored, by its id."""

TICK = timedelta(seconds=10)
LIMIT = 100
"""Search calls of a project a day (YouTube API docs)."""

_DAY = timedelta(days=1)
_ITEMS = 100


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a policy has at the end.

    Args:
        stored: when each video was stored.
        unread: per term, what it knows it has still to read; some know nothing.
    """

    stored: Stored
    unread: Mapping[str, Sequence[Stretch]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quest:
    """What a policy is to do: find these terms' videos from `starts_at` until `ends_at`."""

    source: StandIn
    clock: VirtualClock
    terms: Sequence[str]
    starts_at: datetime
    ends_at: datetime
    lookback: timedelta


def ours(quest: Quest, *, share_searches: bool = True) -> Gathered:
    """Run the product from its first start on."""
    with TemporaryDirectory(prefix="newsreel-") as folder:
        settings = Settings(
            database_url=f"sqlite:///{folder}/freshness.db",
            youtube_api_keys="key",
            youtube_search_calls_per_day=LIMIT,
            keywords=",".join(quest.terms),
            lookback_seconds=int(quest.lookback.total_seconds()),
            fetch_interval_seconds=int(TICK.total_seconds()),
            share_searches=share_searches,
        )
        services = build_services(settings, quest.clock, quest.source)
        try:
            services.store.migrate()
            _tick_until(services, quest)
            return Gathered(read_feed(services), _unread(services))
        finally:
            services.close()


def even(quest: Quest, calls_a_day: int = LIMIT) -> Gathered:
    """Spread calls evenly, terms in turn, each reading the newest 50 since its last look-back.

    Nothing else: no second page, no memory of what is still to read.
    """
    stored: Stored = {}
    step = _DAY / calls_a_day
    turn = len(quest.terms) * step
    for number in range(int((quest.ends_at - quest.starts_at) / step)):
        now = quest.starts_at + number * step
        reach = Stretch(now - turn - quest.lookback, now)
        _take(quest, stored, quest.terms[number % len(quest.terms)], reach)
    return Gathered(stored)


def blind(quest: Quest) -> Gathered:
    """Poll every ten seconds, terms in turn, for what is newer than the newest known.

    The first page only, until the day's calls are gone.
    """
    stored: Stored = {}
    newest = dict.fromkeys(quest.terms, quest.starts_at - _DAY)
    day = pacific_day(quest.starts_at)
    while (midnight := pacific_midnight(day)) < quest.ends_at:
        for number in range(LIMIT):
            term = quest.terms[number % len(quest.terms)]
            found = _take(quest, stored, term, Stretch(newest[term], midnight + number * TICK))
            newest[term] = max([newest[term], *found])
        day += _DAY
    return Gathered(stored)


def _take(quest: Quest, stored: Stored, term: str, reach: Stretch) -> list[datetime]:
    """Store a first page as of the end of its reach; return the publish times on it."""
    quest.clock.move_to(reach.ends_at)
    page, _ = quest.source.first_page([term], reach)
    for arrival in page:
        stored.setdefault(arrival.video_id, reach.ends_at)
    return [arrival.published_at for arrival in page]


def _tick_until(services: Services, quest: Quest) -> None:
    """Tick as a scheduler does, past the ticks at which nothing is due."""
    while quest.clock() < quest.ends_at:
        for claim in services.ingest.tick():
            services.ingest.run(claim)
        for pack in services.packed.due():
            services.packed.run(pack)
        due_at = _next_at(services)
        ticks = -((quest.starts_at - due_at) // TICK)
        quest.clock.move_to(max(quest.clock() + TICK, quest.starts_at + ticks * TICK))


def _next_at(services: Services) -> datetime:
    """Return when something is due at the earliest."""
    due_at = min(watch.next_due_at for watch in services.watching.list_all())
    look_at = services.packed.look_at
    return due_at if look_at is None else min(due_at, look_at)


def _unread(services: Services) -> dict[str, list[Stretch]]:
    """Return what is not complete, as GET /coverage tells it."""

    def stretches(watch_id: int) -> list[Stretch]:
        pending = services.store.read(lambda t: t.ranges.list_pending(watch_id))
        return [item.stretch for item in pending if item.reading <= Reading.SECOND]

    return {watch.term: stretches(watch.watch_id) for watch in services.watching.list_all()}


def read_feed(services: Services) -> Stored:
    """Read the whole feed as a client does."""
    stored: Stored = {}
    page = 1
    while items := services.feed.page(PageRequest(ALL, _ITEMS, page)).items:
        for item in map(json.loads, items):
            stored[item["video_id"]] = parse_instant(item["fetched_at"])
        page += 1
    return stored
