"""What the services of a process share: the store, the key ring, the sources, the tail of ingest.

Made once by `bootstrap`, which makes the services of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.cache import redis as redis_cache
from app.cache.absent import NoFeedCache
from app.cache.memory import MemoryFeedCache, MemoryKeyIndex, MemoryTicks
from app.cache.redis_buckets import RedisBuckets
from app.cache.redis_replica import RedisReplica
from app.cache.redis_vitals import RedisQueues, RedisTicks
from app.domain.quota import Bucket, parse_keys
from app.feed.near_heads import NearHeads
from app.feed.publisher import FeedPublisher
from app.ingest.audit_log import AuditLog
from app.ingest.claims import Claims
from app.ingest.completion import Completion
from app.ingest.fetch_log import FetchLog
from app.ingest.pacer import Pacer
from app.ingest.reserve import Reserve
from app.ingest.tail import Tail
from app.ingest.trouble import PollTrouble, WriteTrouble
from app.limits.limiter import Limiter
from app.metrics.exposition import Backends
from app.metrics.processes import ProcessMetrics
from app.quota.ledger import Ledger
from app.quota.ring import KeyRing
from app.sources.invidious import Invidious
from app.sources.rss import ChannelFeeds
from app.sources.websub import Hub
from app.sources.youtube import YouTube
from app.store.database import Database
from app.store.store import Store
from app.telemetry import Incidents, get_logger

if TYPE_CHECKING:
    from app.cache.base import FeedCache, KeyIndex
    from app.cache.replicas import HeadReplica
    from app.domain.audit import Actor
    from app.domain.clock import Clock
    from app.limits.base import Buckets
    from app.settings import Settings
    from app.sources.base import ChannelSource, FeedSource, SuggestionSource, VideoSource

_HOLD_SECONDS = 0.9
"""How long a web process serves a head before it asks Redis, or without Redis the database; with
the tenth that others go on meanwhile, a second."""

QUEUES = ("tick", "fetch")
"""Celery's, whose lengths are told."""

_FEED_SECONDS = 2.0
"""What a statement of a feed's reader may take: strangers send as many as they like. The service's
own reads have longer (Database)."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Who is asked.

    Args:
        videos: YouTube's searches and videos.
        channels: what YouTube tells of channels.
        feeds: channels' feeds.
        hub: None if it could not reach us.
        invidious: None if there is no instance.
    """

    videos: VideoSource
    channels: ChannelSource
    feeds: FeedSource
    hub: Hub | None
    invidious: SuggestionSource | None


@dataclass(frozen=True, slots=True)
class Caching:
    """Where heads and the key index are kept; `hold_seconds` is how long a head is not checked.

    `backends` are what metrics tell of. `buckets` are those that limit requests in all processes;
    None if there is only this one. `replica` is one of the heads, beside this process.
    """

    heads: FeedCache
    keys: KeyIndex
    hold_seconds: float
    backends: Backends
    buckets: Buckets | None = None
    replica: HeadReplica | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What services are made of; `reading` is told of the trouble of readers.

    `near` are the heads in the cache's replica; None if there is none.
    """

    settings: Settings
    clock: Clock
    sources: Sources
    store: Store
    caching: Caching
    incidents: Incidents
    reading: Incidents
    near: NearHeads | None
    polls: PollTrouble
    writes: WriteTrouble
    ledger: Ledger
    ring: KeyRing
    reserve: Reserve
    pacer: Pacer
    claims: Claims
    publisher: FeedPublisher
    tail: Tail
    completion: Completion
    fetch_log: FetchLog
    limiter: Limiter
    audit_log: AuditLog
    processes: ProcessMetrics

    @property
    def pushes(self) -> bool:
        """Whether YouTube's hub can reach us."""
        return bool(self.settings.public_url)


def choose_sources(
    settings: Settings,
    videos: VideoSource | None = None,
    *,
    channels: ChannelSource | None = None,
    feeds: FeedSource | None = None,
    hub: Hub | None = None,
    invidious: SuggestionSource | None = None,
) -> Sources:
    """Return the sources of the settings, but for those that are given in their places."""
    if videos is None or channels is None:
        youtube = YouTube(settings.youtube_api_endpoint)
        videos, channels = videos or youtube, channels or youtube
    if invidious is None and settings.invidious_url:
        invidious = Invidious(settings.invidious_url)
    return Sources(
        videos,
        channels,
        feeds or ChannelFeeds(settings.youtube_feed_endpoint),
        (hub or Hub(settings.websub_hub)) if settings.public_url else None,
        invidious,
    )


def build_parts(
    settings: Settings, clock: Clock, sources: Sources, actor: Actor, *, publishes: bool
) -> Parts:
    """Build what the services of one process share.

    Args:
        settings: of the whole service.
        clock: the present.
        sources: who is asked.
        actor: who does what this process does, where nobody else is named.
        publishes: whether this process polls.
    """
    processes = ProcessMetrics()
    store = _store(settings, actor, processes)
    caching = _caching(settings, publishes=publishes)
    incidents = Incidents(get_logger("app.incidents"))
    # A replica comes and goes by itself, so its trouble is told apart.
    has_replica = bool(settings.database_replica_url)
    reading = Incidents(get_logger("app.incidents.replica")) if has_replica else incidents
    limits = {
        Bucket.SEARCH: settings.youtube_search_calls_per_day,
        Bucket.UNITS: settings.youtube_units_per_day,
    }
    ledger = Ledger(store, clock, limits)
    ring = KeyRing(
        parse_keys(settings.youtube_api_keys),
        index=caching.keys,
        ledger=ledger,
        store=store,
        clock=clock,
        incidents=incidents,
    )
    reserve = Reserve(store, ring, clock)
    lookback = timedelta(seconds=settings.lookback_seconds)
    tick = timedelta(seconds=settings.fetch_interval_seconds)
    packs = settings.share_searches
    pacer = Pacer(store, ring, ledger, reserve, clock, tick=tick, lookback=lookback, packs=packs)
    publisher = FeedPublisher(store, caching.heads, clock, incidents)
    tail = Tail(store, publisher, clock)
    return Parts(
        settings=settings,
        clock=clock,
        sources=sources,
        store=store,
        caching=caching,
        incidents=incidents,
        reading=reading,
        near=NearHeads(caching.replica, clock, incidents) if caching.replica else None,
        polls=PollTrouble(incidents),
        writes=WriteTrouble(store, clock, incidents),
        ledger=ledger,
        ring=ring,
        reserve=reserve,
        pacer=pacer,
        claims=Claims(store, pacer, clock, lookback),
        publisher=publisher,
        tail=tail,
        completion=Completion(store, sources.videos, ring, tail, incidents=incidents, clock=clock),
        fetch_log=FetchLog(store, clock, timedelta(days=settings.fetch_log_days)),
        limiter=Limiter(
            caching.buckets,
            per_address=settings.rate_limit_per_minute,
            per_client=settings.client_rate_limit_per_minute,
            incidents=incidents,
        ),
        audit_log=AuditLog(store, clock, timedelta(days=settings.audit_days)),
        processes=processes,
    )


def _store(settings: Settings, actor: Actor, processes: ProcessMetrics) -> Store:
    replica = settings.database_replica_url
    readers_url = replica or settings.database_url
    return Store(
        Database(settings.database_url, observer=processes),
        Database(readers_url, read_seconds=_FEED_SECONDS, observer=processes),
        timedelta(days=settings.refresh_days),
        actor,
        has_replica=bool(replica),
    )


def _caching(settings: Settings, *, publishes: bool) -> Caching:
    broker = settings.broker_url
    queues = RedisQueues(redis_cache.connect(broker), QUEUES) if broker else None
    if not settings.redis_url:
        own = MemoryFeedCache() if publishes else NoFeedCache()
        hold_seconds = 0.0 if publishes else _HOLD_SECONDS
        backends = Backends(MemoryTicks(), queues=queues)
        return Caching(own, MemoryKeyIndex(), hold_seconds, backends)
    client = redis_cache.connect(settings.redis_url)
    heads = redis_cache.RedisFeedCache(client)
    near = settings.redis_read_url
    return Caching(
        heads,
        redis_cache.RedisKeyIndex(client),
        _HOLD_SECONDS,
        Backends(RedisTicks(client), heads, queues),
        RedisBuckets(client),
        RedisReplica(redis_cache.connect(near), client) if near else None,
    )
