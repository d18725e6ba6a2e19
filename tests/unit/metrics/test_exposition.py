from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, cast

from prometheus_client.parser import text_string_to_metric_families

from app.cache.memory import MemoryTicks
from app.domain.errors import CacheUnavailableError, StoreUnavailableError
from app.domain.figures import (
    Figures,
    StoredKeyState,
    UsedQuota,
    VideoFigures,
    WatchFigures,
    WebhookFigures,
)
from app.domain.quota import Bucket, parse_keys
from app.metrics.exposition import Backends, Exposition
from app.metrics.families import Budget
from app.metrics.processes import ProcessMetrics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.cache.base import FeedCache
    from app.store.store import Store

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
KEYS = parse_keys("p:secret-one,p:secret-two,q:secret-three,secret-four")
BUDGET = Budget(KEYS, {Bucket.SEARCH: 100, Bucket.UNITS: 10_000})
EMPTY = Figures(
    at=NOW,
    watches=WatchFigures({}, (), None, None, None, 0, None),
    videos=VideoFigures(0, None, 0, None, 0, {}),
    ranges=(),
    fetches=(),
    used=(
        UsedQuota("p", "search", 30, 50, exhausted=False),  # raised since the day began
        UsedQuota("q", "search", 10, 80, exhausted=True),
        UsedQuota("q", "novel", 10, 80, exhausted=False),
        UsedQuota("gone", "search", 1, 100, exhausted=False),
    ),
    keys={
        KEYS[0].fingerprint: StoredKeyState("cooling", NOW - timedelta(seconds=1)),
        KEYS[1].fingerprint: StoredKeyState("cooling", NOW + timedelta(hours=1)),
        KEYS[2].fingerprint: StoredKeyState("novel", None),
        "0" * 12: StoredKeyState("disabled", None),
    },
    webhooks=WebhookFigures({}, 0, None),
    alerts=0,
)


class Backend:
    """A store, a cache and a queue; each may be away."""

    def __init__(self, read: Callable[[], Figures], away: Exception | None = None) -> None:
        self._read = read
        self._away = away

    def read(self, _work: object) -> Figures:
        return self._read()

    def check_writes(self) -> None:
        if self._away is not None:
            raise self._away

    def lengths(self) -> Mapping[str, int]:
        self.check_writes()
        return {"tick": 0, "fetch": 3}


def scraped(backend: Backend, patience_seconds: float = 60) -> dict[str, float]:
    ticks = MemoryTicks()
    ticks.mark(NOW - timedelta(seconds=7))
    exposition = Exposition(
        cast("Store", backend),
        Backends(ticks, cast("FeedCache", backend), backend),
        BUDGET,
        ProcessMetrics(),
        lambda: NOW,
        patience_seconds=patience_seconds,
    )
    text = exposition.text().decode()
    assert "secret" not in text
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_quota_and_keys_are_those_that_are_configured() -> None:
    told = scraped(Backend(lambda: EMPTY))
    bare = KEYS[3].project
    left = {name: value for name, value in told.items() if "quota_left" in name}
    assert left == {
        "newsreel_quota_left search p": 70,
        "newsreel_quota_left units p": 10_000,
        "newsreel_quota_left search q": 0,
        "newsreel_quota_left units q": 10_000,
        f"newsreel_quota_left search {bare}": 100,
        f"newsreel_quota_left units {bare}": 10_000,
    }
    assert told["newsreel_quota_limit search p"] == 100
    assert told["newsreel_quota_limit search q"] == 80
    keys = {name: value for name, value in told.items() if "newsreel_keys" in name}
    assert keys == {
        "newsreel_keys usable": 2,
        "newsreel_keys cooling": 1,
        "newsreel_keys disabled": 0,
        "newsreel_keys held": 0,
        "newsreel_keys novel": 1,
    }


def test_what_nobody_knows_is_left_out() -> None:
    told = scraped(Backend(lambda: EMPTY))
    assert "newsreel_newest_video_age_seconds" not in told
    assert "newsreel_latest_success_age_seconds" not in told
    assert told["newsreel_watches_overdue_seconds"] == 0
    assert told["newsreel_tick_age_seconds"] == 7
    assert told["newsreel_queue_messages fetch"] == 3


def _no_database() -> Figures:
    raise StoreUnavailableError("OperationalError: away")


def test_a_backend_that_is_away_is_zero_and_its_series_are_absent() -> None:
    told = scraped(Backend(_no_database, CacheUnavailableError("Redis: ConnectionError")))
    assert told["newsreel_up database"] == 0
    assert told["newsreel_up cache"] == 1  # the ticks of this process
    assert (told["newsreel_up cache_writes"], told["newsreel_up queue"]) == (0, 0)
    assert not [name for name in told if "videos" in name or "queue_messages" in name]
    assert told["newsreel_tick_age_seconds"] == 7


def test_a_database_that_hangs_holds_no_scrape_up() -> None:
    hangs = Event()

    def read() -> Figures:
        assert hangs.wait(60)
        return EMPTY

    told = scraped(Backend(read), patience_seconds=0.05)
    hangs.set()
    assert told["newsreel_up database"] == 0
    assert "newsreel_videos" not in told


def test_processes_count_by_route_method_and_kind_of_status() -> None:
    processes = ProcessMetrics()
    processes.request("/videos/<video_id>", "GET", 200, 0.02)
    processes.request("/videos/<video_id>", "GET", 204, 0.02)
    processes.request(None, "BREW", 404, 0.02)
    counted = {
        tuple(sample.labels.values()): sample.value
        for family in processes.registry.collect()
        for sample in family.samples
        if sample.name == "newsreel_http_request_seconds_count"
    }
    assert counted == {("/videos/<video_id>", "GET", "2xx"): 2, ("none", "other", "4xx"): 1}
