"""How the write path is put together from the parts of a process.

Building opens no connection.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.ingest.channel_polls import ChannelPolls
from app.ingest.channel_reader import ChannelReader
from app.ingest.channel_runner import ChannelRunner
from app.ingest.clock_steps import ClockSteps
from app.ingest.fallback import SearchFallback
from app.ingest.follow_visits import FollowVisits
from app.ingest.follower import Follower
from app.ingest.giving_back import GivingBack
from app.ingest.glance_reader import GlanceReader
from app.ingest.glancing import Glancing
from app.ingest.packed_runner import PackedRunner
from app.ingest.refresher import Refresher
from app.ingest.runner import Runner
from app.ingest.service import Ingest
from app.ingest.suggestions import SuggestionReader
from app.ingest.upkeep import Upkeep
from app.ingest.watching import Watching
from app.quota.on_demand import OnDemandUnits

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.ingest.channel_hints import HintReader
    from app.ingest.channel_names import ChannelNames
    from app.ingest.flag import Flag
    from app.parts import Parts


def build_watching(parts: Parts, names: ChannelNames) -> Watching:
    """Build what adds, changes and removes watches."""
    return Watching(
        parts.store,
        parts.publisher,
        parts.reserve,
        names,
        parts.clock,
        backfill=timedelta(seconds=parts.settings.backfill_seconds),
        tick=timedelta(seconds=parts.settings.fetch_interval_seconds),
    )


def build_ingest(
    parts: Parts,
    watching: Watching,
    hints: HintReader,
    *,
    seeded: Flag,
    stopping: Flag,
    wait: Callable[[float], None],
) -> Ingest:
    """Build what claims watches and runs their polls."""
    return Ingest(
        claims=parts.claims,
        giving_back=GivingBack(parts.claims, parts.clock, wait, stopping),
        clock_check=parts.clock_check,
        clock_steps=ClockSteps(
            parts.store, parts.clock, timedelta(seconds=parts.settings.lookback_seconds)
        ),
        runner=_runner(parts, stopping),
        channel_runner=_channel_runner(parts, hints, stopping),
        publisher=parts.publisher,
        watching=watching,
        upkeep=Upkeep(parts.store, parts.publisher, parts.clock),
        logs=(parts.fetch_log, parts.audit_log),
        keywords=parts.settings.keyword_list,
        channels=parts.settings.channel_list,
        seeded=seeded,
        stopping=stopping,
        incidents=parts.incidents,
        write_trouble=parts.writes,
        poll_trouble=parts.polls,
        ticks=parts.caching.backends.ticks,
        clock=parts.clock,
    )


def _runner(parts: Parts, stopping: Flag) -> Runner:
    return Runner(
        claims=parts.claims,
        source=parts.sources.videos,
        ring=parts.ring,
        tail=parts.tail,
        completion=parts.completion,
        fetch_log=parts.fetch_log,
        clock=parts.clock,
        trouble=parts.polls,
        stopping=stopping,
    )


def _channel_runner(parts: Parts, hints: HintReader, stopping: Flag) -> ChannelRunner:
    reader = ChannelReader(
        store=parts.store,
        channels=parts.sources.channels,
        feeds=parts.sources.feeds,
        ring=parts.ring,
        tail=parts.tail,
        completion=parts.completion,
        claims=parts.claims,
        clock=parts.clock,
    )
    return ChannelRunner(
        store=parts.store,
        polls=ChannelPolls(parts.store, parts.ring, parts.clock, pushes=parts.pushes),
        reader=reader,
        hints=hints,
        completion=parts.completion,
        fetch_log=parts.fetch_log,
        clock=parts.clock,
        trouble=parts.polls,
        stopping=stopping,
    )


def build_packed(parts: Parts) -> PackedRunner:
    """Build the searches that keywords share."""
    return PackedRunner(
        store=parts.store,
        pacer=parts.pacer,
        source=parts.sources.videos,
        ring=parts.ring,
        tail=parts.tail,
        completion=parts.completion,
        fetch_log=parts.fetch_log,
        clock=parts.clock,
        incidents=parts.incidents,
        writes=parts.writes,
    )


def build_fallback(parts: Parts) -> SearchFallback:
    """Build what asks Invidious while search has no calls left."""
    reader = None
    if parts.sources.invidious is not None:
        reader = SuggestionReader(
            store=parts.store,
            invidious=parts.sources.invidious,
            source=parts.sources.videos,
            ring=parts.ring,
            tail=parts.tail,
            clock=parts.clock,
        )
    return SearchFallback(
        store=parts.store,
        reader=reader,
        ring=parts.ring,
        fetch_log=parts.fetch_log,
        clock=parts.clock,
        incidents=parts.incidents,
        writes=parts.writes,
    )


def build_refresher(parts: Parts) -> Refresher:
    """Build what asks about stored videos again."""
    return Refresher(
        store=parts.store,
        source=parts.sources.videos,
        ring=parts.ring,
        tail=parts.tail,
        fetch_log=parts.fetch_log,
        clock=parts.clock,
        incidents=parts.incidents,
        writes=parts.writes,
    )


def build_glancing(parts: Parts) -> Glancing:
    """Build what fetches channels that are asked for and not watched."""
    per_day = parts.settings.on_demand_units_per_day
    reader = GlanceReader(
        store=parts.store,
        source=parts.sources.videos,
        channels=parts.sources.channels,
        feeds=parts.sources.feeds,
        units=OnDemandUnits(parts.ring, parts.store, parts.clock, per_day),
        clock=parts.clock,
    )
    return Glancing(
        store=parts.store,
        reader=reader,
        fetch_log=parts.fetch_log,
        clock=parts.clock,
        writes=parts.writes,
    )


def build_follower(parts: Parts, hints: HintReader) -> Follower:
    """Build what visits the channels that keep bringing videos."""
    return Follower(
        store=parts.store,
        visits=FollowVisits(parts.store, parts.ring, parts.clock, pushes=parts.pushes),
        channels=parts.sources.channels,
        feeds=parts.sources.feeds,
        hints=hints,
        ring=parts.ring,
        tail=parts.tail,
        completion=parts.completion,
        fetch_log=parts.fetch_log,
        clock=parts.clock,
        incidents=parts.incidents,
        writes=parts.writes,
    )
