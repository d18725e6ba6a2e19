"""Figures as Prometheus has them: names, help and labels. Ages are in seconds, at the scrape."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from app.domain.quota import Bucket, KeyState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from prometheus_client.core import Metric

    from app.domain.figures import Figures, UsedQuota
    from app.domain.quota import ApiKey

    Samples = Iterable[tuple[tuple[str, ...], float | None]]


@dataclass(frozen=True, slots=True)
class Budget:
    """What is configured to be spent.

    Args:
        keys: all of them; no secret of theirs is told.
        limits: what a project has a day, by bucket.
    """

    keys: tuple[ApiKey, ...]
    limits: Mapping[Bucket, int]

    @property
    def projects(self) -> tuple[str, ...]:
        """The projects of the keys, in their order."""
        return tuple(dict.fromkeys(key.project for key in self.keys))


def gauge(name: str, told: str, labels: tuple[str, ...], samples: Samples) -> Metric:
    """Return a gauge; a sample that is None is left out."""
    family = GaugeMetricFamily(f"newsreel_{name}", told, labels=labels)
    for values, figure in samples:
        if figure is not None:
            family.add_metric(values, figure)
    return family


def single(name: str, told: str, figure: float | None) -> Metric:
    """Return a gauge without labels."""
    return gauge(name, told, (), [((), figure)])


def of_database(figures: Figures, budget: Budget) -> Iterator[Metric]:
    """Yield everything that the database tells."""
    yield from _watches(figures)
    yield from _videos(figures)
    yield from _ranges(figures)
    yield from _fetches(figures)
    yield from _quota(figures, budget)
    yield from _told_to_others(figures)


def of_cache(ticked_at: datetime | None, now: datetime) -> Iterator[Metric]:
    """Yield what the cache tells."""
    age = _age(now, ticked_at)
    yield single("tick_age_seconds", "Since the last tick was over.", age)


def of_queues(lengths: Mapping[str, int]) -> Metric:
    """Return what the queues tell."""
    samples = [((name,), length) for name, length in lengths.items()]
    return gauge("queue_messages", "Messages that wait in a queue.", ("queue",), samples)


def _watches(figures: Figures) -> Iterator[Metric]:
    watches, at = figures.watches, figures.at
    yield gauge("watches", "Watches.", ("kind", "state"), watches.counts.items())
    ages = {
        "success": "Since the last successful poll of a watch (or since it was added)",
        "complete": "Since the second before which everything was read twice, of a watch",
        "newest_video": "Since the newest video of a watch was published",
    }
    seen = [
        ((str(it.watch_id), it.kind), (it.success_at, it.complete_until, it.newest_at))
        for it in watches.stalest
    ]
    for number, (name, told) in enumerate(ages.items()):
        yield gauge(
            f"watch_{name}_age_seconds",
            f"{told}; of the hundred stalest that are not paused.",
            ("watch", "kind"),
            [(labels, _age(at, instants[number])) for labels, instants in seen],
        )
    yield single(
        "oldest_success_age_seconds",
        "The longest that a watch is without a successful poll.",
        _age(at, watches.success_at),
    )
    yield single(
        "latest_success_age_seconds",
        "Since the last successful poll of any watch.",
        _age(at, watches.latest_at),
    )
    yield single(
        "oldest_complete_age_seconds",
        "How far the least complete watch is behind.",
        _age(at, watches.complete_until),
    )
    yield single("watches_due", "Watches that wait for a poll.", watches.due)
    overdue = _age(at, watches.due_at) or 0.0
    yield single("watches_overdue_seconds", "How long the first of them has waited.", overdue)


def _videos(figures: Figures) -> Iterator[Metric]:
    videos, at = figures.videos, figures.at
    yield single("videos", "Visible videos.", videos.total)
    newest = _age(at, videos.newest_at)
    yield single("newest_video_age_seconds", "Since the newest video was published.", newest)
    changes = CounterMetricFamily("newsreel_changes", "Changes of videos, of all time.")
    changes.add_metric((), videos.changes)
    yield changes
    yield single("refresh_due", "Videos that are due for a refresh.", videos.refresh_due)
    yield single(
        "oldest_refresh_age_seconds",
        "Since the video refreshed longest ago was; at 30 days it is deleted.",
        _age(at, videos.refreshed_at),
    )
    yield gauge(
        "videos_unrefreshed",
        "Videos not refreshed for so many days.",
        ("days",),
        [((str(days),), n) for days, n in videos.unrefreshed.items()],
    )


def _ranges(figures: Figures) -> Iterator[Metric]:
    labels = ("reason", "due")
    ranges = figures.ranges
    yield gauge(
        "ranges",
        "Stretches of publish time still to be read; budget is what quota did not allow.",
        labels,
        [((it.reason, it.due), it.ranges) for it in ranges],
    )
    yield gauge(
        "range_seconds",
        "Seconds of publish time in them.",
        labels,
        [((it.reason, it.due), it.seconds) for it in ranges],
    )


def _fetches(figures: Figures) -> Iterator[Metric]:
    fetches = figures.fetches
    yield gauge(
        "fetches_last_hour",
        "Fetches that began in the last hour; the outcome is ok or an error's code.",
        ("source", "outcome"),
        [((it.source, it.outcome), it.fetches) for it in fetches],
    )
    calls: Counter[tuple[str, ...]] = Counter()
    videos: Counter[tuple[str, ...]] = Counter()
    for it in fetches:
        calls[it.source, it.outcome, Bucket.SEARCH] += it.search_calls
        calls[it.source, it.outcome, Bucket.UNITS] += it.units
        for name in ("found", "added", "updated", "rejected"):
            videos[it.source, name] += getattr(it, name)
    yield gauge(
        "calls_last_hour",
        "What these fetches were charged: search calls, and units.",
        ("source", "outcome", "bucket"),
        calls.items(),
    )
    yield gauge(
        "fetched_videos_last_hour", "What came of them.", ("source", "what"), videos.items()
    )


def _quota(figures: Figures, budget: Budget) -> Iterator[Metric]:
    labels = ("project", "bucket")
    known = {(it.project, it.bucket): it for it in figures.used}
    rows = [
        ((project, str(bucket)), known.get((project, bucket)), limit)
        for project in budget.projects
        for bucket, limit in budget.limits.items()
    ]
    yield gauge(
        "quota_used",
        "Search calls or units used today (Pacific).",
        labels,
        [(names, 0 if used is None else used.used) for names, used, _ in rows],
    )
    yield gauge(
        "quota_limit",
        "What there is a day.",
        labels,
        [(names, _limit(used, limit)) for names, used, limit in rows],
    )
    yield gauge(
        "quota_left",
        "What is left of it today.",
        labels,
        [(names, _left(used, limit)) for names, used, limit in rows],
    )
    states = Counter({(str(state),): 0 for state in KeyState})
    for key in budget.keys:
        stored = figures.keys.get(key.fingerprint)
        over = stored is None or (
            stored.state == KeyState.COOLING and stored.until and stored.until <= figures.at
        )
        states[(str(KeyState.USABLE) if over or stored is None else stored.state,)] += 1
    yield gauge("keys", "Configured API keys.", ("state",), states.items())


def _told_to_others(figures: Figures) -> Iterator[Metric]:
    webhooks = figures.webhooks
    counts = [((state,), n) for state, n in webhooks.counts.items()]
    yield gauge(
        "webhooks", "Webhooks; a state but working and failing says why.", ("state",), counts
    )
    yield single("webhooks_waiting", "Webhooks with something to send.", webhooks.waiting)
    failing = _age(figures.at, webhooks.failing_since) or 0.0
    yield single("webhook_failing_seconds", "How long one has failed that is tried.", failing)
    yield single("alerts", "Troubles that the operator is told of.", figures.alerts)


def _age(now: datetime, at: datetime | None) -> float | None:
    return None if at is None else max(0.0, (now - at).total_seconds())


def _limit(used: UsedQuota | None, limit: int) -> int:
    """Return what the ledger goes by: what is configured, or what was used up below it."""
    return min(limit, used.limit) if used is not None and used.exhausted else limit


def _left(used: UsedQuota | None, limit: int) -> int:
    if used is None:
        return limit
    return 0 if used.exhausted else max(0, _limit(used, limit) - used.used)
