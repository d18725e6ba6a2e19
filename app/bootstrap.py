"""The composition root: settings become services, made of the parts of `parts.py`.

Building opens no connection: a process starts while its database and its Redis are away.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

from app.alerts.alerting import Alerts
from app.alerts.apprise_sender import AppriseSender
from app.alerts.noticing import Noticing
from app.alerts.reporting import AlertReports
from app.auth.access import Access, build_access
from app.configured import alert_channels, configured
from app.domain.audit import NEWSREEL
from app.domain.clock import system_clock
from app.domain.errors import StoreUnavailableError
from app.domain.quota import Bucket, parse_keys
from app.domain.targets import parse_allowance
from app.feed.changes import ChangesReader
from app.feed.channel_pages import ChannelPages
from app.feed.exporting import VideoExport
from app.feed.head_reader import HeadReader
from app.feed.reader import FeedReader
from app.feed.statistics import Statistics
from app.fetchers import (
    build_fallback,
    build_follower,
    build_glancing,
    build_ingest,
    build_packed,
    build_refresher,
    build_watching,
)
from app.ingest.channel_backfill import ChannelBackfill
from app.ingest.channel_hints import HintReader
from app.ingest.channel_names import ChannelNames
from app.ingest.coverage_reports import CoverageReports
from app.ingest.exchange.importer import Importer
from app.ingest.filter_preview import FilterPreviews
from app.ingest.health import HealthCheck
from app.ingest.importing import Importing
from app.ingest.jobs import Job, JobKind, job, kept_from
from app.ingest.moderating import Moderation
from app.ingest.overview import OverviewReader
from app.ingest.planning import Planning
from app.ingest.pushes import PushReceiver
from app.ingest.quota_report import QuotaReporter
from app.ingest.readiness import ReadinessCheck
from app.ingest.scout import Scout
from app.ingest.subscribing import Subscriber
from app.ingest.watch_reports import WatchReports
from app.metrics.exposition import Exposition
from app.metrics.families import Budget
from app.parts import build_parts, choose_sources
from app.quota.keeper import KeyKeeper
from app.sources.outgoing import Outgoing
from app.webhooks.delivering import Deliverer
from app.webhooks.keeping import Webhooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.cache.base import Queues
    from app.domain.audit import Actor
    from app.domain.clock import Clock
    from app.domain.configured import Configured
    from app.ingest.audit_log import AuditLog
    from app.ingest.clock_steps import ClockCheck
    from app.ingest.fallback import SearchFallback
    from app.ingest.fetch_log import FetchLog
    from app.ingest.flag import Flag
    from app.ingest.follower import Follower
    from app.ingest.glancing import Glancing
    from app.ingest.packed_runner import PackedRunner
    from app.ingest.refresher import Refresher
    from app.ingest.service import Ingest
    from app.ingest.watching import Watching
    from app.limits.limiter import Limiter
    from app.metrics.processes import ProcessMetrics
    from app.parts import Parts
    from app.settings import Settings
    from app.sources.base import ChannelSource, FeedSource, SuggestionSource, VideoSource
    from app.sources.websub import Hub
    from app.store.store import Store

_PATIENT_SECONDS = 10.0
"""How long trouble is looked for before the operator is told of it; nobody waits for that."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a process may need; made once per process, after any fork."""

    feed: FeedReader
    channel_pages: ChannelPages
    changes: ChangesReader
    readiness: ReadinessCheck
    ingest: Ingest
    packed: PackedRunner
    fallback: SearchFallback
    refresher: Refresher
    watching: Watching
    moderation: Moderation
    importer: Importer
    importing: Importing
    export: VideoExport
    channel_names: ChannelNames
    backfill: ChannelBackfill
    subscriber: Subscriber
    glancing: Glancing
    pushes: PushReceiver
    scout: Scout
    follower: Follower
    webhooks: Webhooks
    deliverer: Deliverer
    alerts: Alerts
    alert_reports: AlertReports
    health: HealthCheck
    configured: tuple[Configured, ...]
    fetch_log: FetchLog
    audit_log: AuditLog
    coverage: CoverageReports
    statistics: Statistics
    planning: Planning
    watch_reports: WatchReports
    filter_previews: FilterPreviews
    quota: QuotaReporter
    overview: OverviewReader
    keys: KeyKeeper
    access: Access
    limiter: Limiter
    metrics: Exposition
    processes: ProcessMetrics
    queues: Queues | None
    store: Store
    clock: Clock
    clock_check: ClockCheck
    demo: bool

    @property
    def jobs(self) -> dict[JobKind, Job]:
        """What a tick gives out beside polls; nothing while our clock is not the database's."""
        scout = self.scout
        jobs = {
            JobKind.FETCH_PACKED: job(self.packed.due, self.packed.run),
            JobKind.FALL_BACK: job(self.fallback.due, self.fallback.run),
            JobKind.SUBSCRIBE: job(self.subscriber.due, self.subscriber.run),
            JobKind.SCOUT: job(lambda: [None] * scout.due(), lambda _: scout.run()),
            JobKind.FOLLOW: job(self.follower.due, self.follower.run),
            JobKind.GLANCE: job(self.glancing.due, self.glancing.run),
            JobKind.REFRESH: job(self.refresher.due, self.refresher.run),
        }
        return {kind: kept_from(each, self._clock_differs) for kind, each in jobs.items()}

    @property
    def messages(self) -> dict[JobKind, Job]:
        """What else a tick gives out: what waits for those who are told."""
        return {
            JobKind.DELIVER: job(self.deliverer.due, self.deliverer.run),
            JobKind.ALERT: job(self.alerts.due, self.alerts.run),
        }

    def _clock_differs(self) -> bool:
        try:
            return not self.clock_check.agrees()
        except StoreUnavailableError:
            return True  # there is nothing to be done without it

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
    invidious: SuggestionSource | None = None,
    publishes: bool = True,
    seeded: Flag | None = None,
    stopping: Flag | None = None,
    wait: Callable[[float], None] = time.sleep,
    actor: Actor = NEWSREEL,
) -> Services:
    """Build the services of one process.

    Args:
        settings: of the whole service.
        clock: the present.
        source: in the place of YouTube itself.
        channels: of what it tells of channels.
        feeds: of its channel feeds.
        hub: of its hub.
        invidious: of the instance of the settings.
        publishes: whether this process polls. One that only reads must not keep heads in a cache
            of its own, where nobody would replace them.
        seeded: whether KEYWORDS were added since the start, where several processes share it.
        stopping: whether polls under way are to end soon, where several processes share it.
        wait: lets seconds pass while the database is away.
        actor: who does what this process does, where nobody else is named.
    """
    sources = choose_sources(
        settings, source, channels=channels, feeds=feeds, hub=hub, invidious=invidious
    )
    parts = build_parts(settings, clock, sources, actor, publishes=publishes)
    return _services(parts, seeded=seeded or Event(), stopping=stopping or Event(), wait=wait)


def _services(
    parts: Parts, *, seeded: Flag, stopping: Flag, wait: Callable[[float], None]
) -> Services:
    settings, store, clock = parts.settings, parts.store, parts.clock
    hold_seconds = parts.caching.hold_seconds
    heads = HeadReader(
        store, parts.caching.heads, clock, hold_seconds, parts.reading, near=parts.near
    )
    reader = FeedReader(store, heads, clock, parts.reading)
    readiness = _readiness(parts, reader)
    channel_names = ChannelNames(parts.sources.channels, parts.ring)
    watching = build_watching(parts, channel_names)
    hints = HintReader(store, parts.sources.videos, parts.ring, parts.tail)
    outgoing = Outgoing(parse_allowance(settings.outgoing_allow))
    return Services(
        feed=reader,
        channel_pages=ChannelPages(store, reader, clock, settings.fetch_interval_seconds),
        changes=ChangesReader(store),
        readiness=readiness,
        ingest=build_ingest(parts, watching, hints, seeded=seeded, stopping=stopping, wait=wait),
        packed=build_packed(parts),
        fallback=build_fallback(parts),
        refresher=build_refresher(parts),
        watching=watching,
        moderation=Moderation(store, parts.publisher, clock),
        importer=Importer(watching, channel_names.resolve),
        importing=Importing(watching, channel_names.resolve),
        export=VideoExport(store),
        channel_names=channel_names,
        backfill=ChannelBackfill(store, clock),
        subscriber=Subscriber(
            store=store,
            hub=parts.sources.hub,
            public_url=settings.public_url,
            clock=clock,
            incidents=parts.incidents,
            writes=parts.writes,
        ),
        glancing=build_glancing(parts),
        pushes=PushReceiver(store, clock),
        scout=Scout(store, clock, parts.writes, limit=settings.follow_channels),
        follower=build_follower(parts, hints),
        webhooks=Webhooks(store, outgoing, clock),
        deliverer=Deliverer(store, outgoing, clock),
        alerts=_alerts(parts, readiness),
        alert_reports=AlertReports(store, alert_channels(settings)),
        health=_health(parts, readiness),
        configured=configured(settings),
        fetch_log=parts.fetch_log,
        audit_log=parts.audit_log,
        coverage=CoverageReports(store, clock, timedelta(seconds=settings.backfill_seconds)),
        statistics=Statistics(store, clock),
        planning=Planning(store, parts.pacer),
        watch_reports=WatchReports(store, clock),
        filter_previews=FilterPreviews(store),
        quota=QuotaReporter(store, parts.ring, parts.ledger, parts.pacer, clock),
        overview=OverviewReader(store, parts.ring, parts.ledger, clock),
        keys=KeyKeeper(parts.ring, parts.sources.videos),
        access=build_access(
            store,
            clock,
            settings.secret_keys,
            reads_are_open=settings.read_auth == "public",
            admin_password=settings.admin_password,
        ),
        limiter=parts.limiter,
        metrics=_metrics(parts),
        processes=parts.processes,
        queues=parts.caching.backends.queues,
        store=store,
        clock=clock,
        clock_check=parts.clock_check,
        demo=settings.demo,
    )


def _metrics(parts: Parts) -> Exposition:
    settings, ledger = parts.settings, parts.ledger
    limits = {bucket: ledger.limit(bucket) for bucket in Bucket}
    budget = Budget(parse_keys(settings.youtube_api_keys), limits)
    return Exposition(parts.store, parts.caching.backends, budget, parts.processes, parts.clock)


def _readiness(parts: Parts, reader: FeedReader) -> ReadinessCheck:
    return ReadinessCheck(
        store=parts.store,
        cache=parts.caching.heads,
        near=parts.near,
        reader=reader,
        ring=parts.ring,
        clock=parts.clock,
        writes=parts.writes,
        incidents=parts.incidents,
        clock_check=parts.clock_check,
    )


def _health(parts: Parts, readiness: ReadinessCheck) -> HealthCheck:
    return HealthCheck(
        readiness=readiness,
        store=parts.store,
        cache=parts.caching.heads,
        ring=parts.ring,
        cache_is_shared=parts.caching.buckets is not None,
        channels=alert_channels(parts.settings),
    )


def _alerts(parts: Parts, readiness: ReadinessCheck) -> Alerts:
    settings, store, clock = parts.settings, parts.store, parts.clock
    stale_after = timedelta(minutes=settings.alert_stale_minutes) or None
    noticing = Noticing(
        lambda: readiness.check(_PATIENT_SECONDS).problems, parts.ring, store, clock, stale_after
    )
    return Alerts(store, noticing, AppriseSender(settings.alert_url_list), clock)
