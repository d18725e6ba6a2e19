"""The composition root: settings become services. Every "if Redis, else memory" stands here.

Building opens no connection: a process starts while its database and its Redis are away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

from app.alerts.alerting import Alerts
from app.alerts.apprise_sender import AppriseSender
from app.alerts.noticing import Noticing
from app.cache import redis as redis_cache
from app.cache.absent import NoFeedCache
from app.cache.memory import MemoryFeedCache, MemoryKeyIndex
from app.domain.clock import system_clock
from app.domain.quota import Bucket, parse_keys
from app.domain.targets import parse_allowance
from app.feed.changes import ChangesReader
from app.feed.exporting import VideoExport
from app.feed.head_reader import HeadReader
from app.feed.publisher import FeedPublisher
from app.feed.reader import FeedReader
from app.feed.statistics import Statistics
from app.ingest.channel_backfill import ChannelBackfill
from app.ingest.channel_hints import HintReader
from app.ingest.channel_names import ChannelNames
from app.ingest.channel_polls import ChannelPolls
from app.ingest.channel_reader import ChannelReader
from app.ingest.channel_runner import ChannelRunner
from app.ingest.claims import Claims
from app.ingest.completion import Completion
from app.ingest.coverage_reports import CoverageReports
from app.ingest.exchange.importer import Importer
from app.ingest.fetch_log import FetchLog
from app.ingest.pacer import Pacer
from app.ingest.packed_runner import PackedRunner
from app.ingest.planning import Planning
from app.ingest.pushes import PushReceiver
from app.ingest.quota_report import QuotaReporter
from app.ingest.readiness import ReadinessCheck
from app.ingest.refresher import Refresher
from app.ingest.reserve import Reserve
from app.ingest.runner import Runner
from app.ingest.service import Flag, Ingest
from app.ingest.subscribing import Subscriber
from app.ingest.tail import Tail
from app.ingest.trouble import PollTrouble, WriteTrouble
from app.ingest.upkeep import Upkeep
from app.ingest.watching import Watching
from app.quota.keeper import KeyKeeper
from app.quota.ledger import Ledger
from app.quota.ring import KeyRing
from app.sources.outgoing import Outgoing
from app.sources.rss import ChannelFeeds
from app.sources.websub import Hub
from app.sources.youtube import YouTube
from app.store.database import Database
from app.store.store import Store
from app.telemetry import Incidents, get_logger
from app.webhooks.delivering import Deliverer
from app.webhooks.keeping import Webhooks

if TYPE_CHECKING:
    from app.cache.base import FeedCache, KeyIndex
    from app.domain.clock import Clock
    from app.settings import Settings
    from app.sources.base import ChannelSource, FeedSource, VideoSource

_HOLD_SECONDS = 0.9
"""How long a web process serves a head before it asks Redis, or without Redis the database; with
the tenth that others go on meanwhile, a second."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a process may need; made once per process, after any fork."""

    feed: FeedReader
    changes: ChangesReader
    readiness: ReadinessCheck
    ingest: Ingest
    packed: PackedRunner
    refresher: Refresher
    watching: Watching
    importer: Importer
    export: VideoExport
    channel_names: ChannelNames
    backfill: ChannelBackfill
    subscriber: Subscriber
    pushes: PushReceiver
    webhooks: Webhooks
    deliverer: Deliverer
    alerts: Alerts
    fetch_log: FetchLog
    coverage: CoverageReports
    statistics: Statistics
    planning: Planning
    quota: QuotaReporter
    keys: KeyKeeper
    store: Store
    demo: bool

    def start(self) -> None:
        """Begin what runs beside the requests; only for a process that serves them."""
        self.feed.start()

    def close(self) -> None:
        """End that, and let go of all connections."""
        self.feed.close()
        self.store.dispose()


def build_services(
    settings: Settings,
    clock: Clock = system_clock,
    source: VideoSource | None = None,
    *,
    channels: ChannelSource | None = None,
    feeds: FeedSource | None = None,
    hub: Hub | None = None,
    publishes: bool = True,
    seeded: Flag | None = None,
) -> Services:
    """Build the services of one process.

    Args:
        settings: of the whole service.
        clock: the present.
        source: in the place of YouTube itself.
        channels: in the place of what YouTube tells of channels.
        feeds: in the place of YouTube's channel feeds.
        hub: in the place of YouTube's hub.
        publishes: whether this process polls. One that only reads must not keep heads in a cache
            of its own, where nobody would replace them.
        seeded: whether KEYWORDS were added since the start, where several processes share it.
    """
    store = _store(settings)
    cache, index, hold_seconds = _cache(settings, publishes=publishes)
    incidents = Incidents(get_logger("app.incidents"))
    # A replica comes and goes by itself, so its trouble is told apart.
    has_replica = bool(settings.database_replica_url)
    reading = Incidents(get_logger("app.incidents.replica")) if has_replica else incidents
    poll_trouble, write_trouble = PollTrouble(incidents), WriteTrouble(store, clock, incidents)
    limits = {
        Bucket.SEARCH: settings.youtube_search_calls_per_day,
        Bucket.UNITS: settings.youtube_units_per_day,
    }
    ledger = Ledger(store, clock, limits)
    ring = KeyRing(
        parse_keys(settings.youtube_api_keys),
        index=index,
        ledger=ledger,
        store=store,
        clock=clock,
        incidents=incidents,
    )
    if source is None or channels is None:
        youtube = YouTube(settings.youtube_api_endpoint)
        source, channels = source or youtube, channels or youtube
    publisher = FeedPublisher(store, cache, clock, incidents)
    tail = Tail(store, publisher, clock)
    lookback = timedelta(seconds=settings.lookback_seconds)
    tick = timedelta(seconds=settings.fetch_interval_seconds)
    packs = settings.share_searches
    reserve = Reserve(store, ring, clock)
    pacer = Pacer(store, ring, ledger, reserve, clock, tick=tick, lookback=lookback, packs=packs)
    claims = Claims(store, pacer, clock, lookback)
    fetch_log = FetchLog(store, clock, timedelta(days=settings.fetch_log_days))
    completion = Completion(store, source, ring, tail, incidents=incidents, clock=clock)
    channel_reader = ChannelReader(
        store=store,
        channels=channels,
        feeds=feeds or ChannelFeeds(settings.youtube_feed_endpoint),
        ring=ring,
        tail=tail,
        completion=completion,
        claims=claims,
        clock=clock,
    )
    channel_runner = ChannelRunner(
        store=store,
        polls=ChannelPolls(store, ring, clock, pushes=bool(settings.public_url)),
        reader=channel_reader,
        hints=HintReader(store, source, ring, tail),
        completion=completion,
        fetch_log=fetch_log,
        clock=clock,
        trouble=poll_trouble,
    )
    runner = Runner(
        claims=claims,
        source=source,
        ring=ring,
        tail=tail,
        completion=completion,
        fetch_log=fetch_log,
        clock=clock,
        trouble=poll_trouble,
    )
    channel_names = ChannelNames(channels, ring)
    watching = Watching(
        store,
        publisher,
        reserve,
        channel_names,
        clock,
        backfill=timedelta(seconds=settings.backfill_seconds),
        tick=tick,
    )
    outgoing = Outgoing(parse_allowance(settings.outgoing_allow))
    heads = HeadReader(store, cache, clock, hold_seconds, reading)
    reader = FeedReader(store, heads, clock, reading)
    readiness = ReadinessCheck(
        store=store,
        cache=cache,
        reader=reader,
        ring=ring,
        clock=clock,
        writes=write_trouble,
        incidents=incidents,
    )
    stale_after = timedelta(minutes=settings.alert_stale_minutes) or None
    noticing = Noticing(lambda: readiness.check().problems, ring, store, clock, stale_after)
    return Services(
        feed=reader,
        changes=ChangesReader(store),
        readiness=readiness,
        ingest=Ingest(
            claims=claims,
            runner=runner,
            channel_runner=channel_runner,
            publisher=publisher,
            watching=watching,
            upkeep=Upkeep(store, publisher, clock),
            fetch_log=fetch_log,
            keywords=settings.keyword_list,
            channels=settings.channel_list,
            seeded=seeded or Event(),
            incidents=incidents,
            write_trouble=write_trouble,
            poll_trouble=poll_trouble,
        ),
        packed=PackedRunner(
            store=store,
            pacer=pacer,
            source=source,
            ring=ring,
            tail=tail,
            completion=completion,
            fetch_log=fetch_log,
            clock=clock,
            incidents=incidents,
            writes=write_trouble,
        ),
        refresher=Refresher(
            store=store,
            source=source,
            ring=ring,
            tail=tail,
            fetch_log=fetch_log,
            clock=clock,
            incidents=incidents,
            writes=write_trouble,
        ),
        watching=watching,
        importer=Importer(watching, channel_names.resolve),
        export=VideoExport(store),
        channel_names=channel_names,
        backfill=ChannelBackfill(store, clock),
        subscriber=Subscriber(
            store=store,
            hub=(hub or Hub(settings.websub_hub)) if settings.public_url else None,
            public_url=settings.public_url,
            clock=clock,
            incidents=incidents,
            writes=write_trouble,
        ),
        pushes=PushReceiver(store, clock),
        webhooks=Webhooks(store, outgoing, clock),
        deliverer=Deliverer(store, outgoing, clock),
        alerts=Alerts(store, noticing, AppriseSender(settings.alert_url_list), clock),
        fetch_log=fetch_log,
        coverage=CoverageReports(store, clock),
        statistics=Statistics(store, clock),
        planning=Planning(store, pacer),
        quota=QuotaReporter(store, ring, ledger, pacer),
        keys=KeyKeeper(ring, source),
        store=store,
        demo=settings.demo,
    )


def _store(settings: Settings) -> Store:
    replica = settings.database_replica_url
    return Store(
        Database(settings.database_url),
        Database(replica) if replica else None,
        timedelta(days=settings.refresh_days),
    )


def _cache(settings: Settings, *, publishes: bool) -> tuple[FeedCache, KeyIndex, float]:
    if not settings.redis_url and not publishes:
        return NoFeedCache(), MemoryKeyIndex(), _HOLD_SECONDS
    if not settings.redis_url:
        return MemoryFeedCache(), MemoryKeyIndex(), 0.0
    client = redis_cache.connect(settings.redis_url)
    return redis_cache.RedisFeedCache(client), redis_cache.RedisKeyIndex(client), _HOLD_SECONDS
