"""What a reader gets while Redis, the database, or both are away."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.cache.redis import RedisFeedCache, connect
from app.domain.errors import NotFoundError, NothingToServeError
from app.domain.feeds import ALL, CacheState, Cursor, Feed, PageRequest, Position
from app.feed.head_reader import HeadReader
from app.feed.publisher import FeedPublisher
from app.feed.reader import FeedReader
from app.store.database import Database
from app.store.store import Store
from app.telemetry import Incidents, get_logger
from tests.contract.store.tellings import NOW, VIDEO, add_watch, record, video

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.domain.feeds import Page
    from tests.servers.postgresql import PostgreSQL
    from tests.servers.redis import Redis

FIRST = PageRequest(ALL, limit=10)


@dataclass
class Service:
    """The read path and the publisher over real servers, and a clock to turn."""

    database: PostgreSQL
    redis: Redis
    store: Store
    cache: RedisFeedCache
    now: datetime = NOW

    def __post_init__(self) -> None:
        # As a process does when it starts.
        self.cache.learn_site(self.store.read(lambda transaction: transaction.site))
        incidents = Incidents(get_logger("test"))
        heads = HeadReader(self.store, self.cache, self.clock, 1, incidents)
        self.reader = FeedReader(self.store, heads, self.clock, incidents)
        self.publisher = FeedPublisher(self.store, self.cache, self.clock, incidents)

    def clock(self) -> datetime:
        return self.now

    def page(self, feed: Feed = ALL) -> Page:
        return self.reader.page(replace(FIRST, feed=feed))

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def service(own_postgresql: PostgreSQL, own_redis: Redis) -> Iterator[Service]:
    store = Store(Database(own_postgresql.url))
    store.migrate()
    record(store, [VIDEO])
    client = connect(own_redis.url)
    yield Service(own_postgresql, own_redis, store, RedisFeedCache(client))
    store.dispose()
    client.close()


def test_reads_go_on_while_one_of_the_two_is_away_and_heal_by_themselves(service: Service) -> None:
    # Both there: a miss fills the cache.
    assert service.page().cache is CacheState.MISS
    assert service.page().cache is CacheState.HIT

    # Redis away, database up: rebuilt at most once a second.
    service.redis.kill()
    record(service.store, [video(2)])
    assert len(service.page().items) == 1
    service.later(1)
    rebuilt = service.page()
    assert (rebuilt.cache, len(rebuilt.items), rebuilt.total) == (CacheState.MISS, 2, 2)
    assert service.page().cache is CacheState.HIT

    # Both away: the page kept from before, marked with its age.
    service.database.kill()
    service.later(90)
    stale = service.page()
    assert (stale.cache, stale.stale_seconds) == (CacheState.STALE, 90)
    assert (stale.items, stale.version) == (rebuilt.items, rebuilt.version)
    assert service.reader.can_serve()
    with pytest.raises(NothingToServeError):
        service.reader.page(PageRequest(ALL, limit=10, page=2))
    with pytest.raises(NothingToServeError):
        service.reader.video(VIDEO.video_id)
    with pytest.raises(NothingToServeError):
        service.page(Feed(watch_id=1))

    # Redis back, but empty: still the kept page.
    service.redis.start()
    service.later(1)
    assert service.page().cache is CacheState.STALE

    # The database back: healed without a restart.
    service.database.start()
    record(service.store, [video(3)])
    service.publisher.repair()
    service.later(1)
    healed = service.page()
    assert (healed.cache, len(healed.items)) == (CacheState.HIT, 3)


def test_the_database_away_and_redis_up_is_a_hit(service: Service) -> None:
    watch = add_watch(service.store, "news")
    feed = Feed(watch_id=watch.watch_id)
    record(service.store, [video(2)], watch.watch_id)
    service.page(feed)
    assert service.reader.resolve_keyword("news") == feed
    service.publisher.publish([watch.watch_id])
    service.database.kill()
    service.later(120)
    assert (service.page().cache, service.page(feed).cache) == (CacheState.HIT, CacheState.HIT)
    assert service.reader.resolve_watch(watch.watch_id) == feed
    assert service.reader.resolve_keyword("news") == feed
    with pytest.raises(NothingToServeError):
        service.reader.resolve_keyword("never asked for")
    with pytest.raises(NothingToServeError):
        service.reader.page(replace(FIRST, cursor=Cursor(Position(NOW, VIDEO.video_id))))


def test_what_was_never_there_is_not_found_rather_than_away(service: Service) -> None:
    with pytest.raises(NotFoundError):
        service.reader.resolve_watch(9)
    with pytest.raises(NotFoundError):
        service.page(Feed(watch_id=9))
    with pytest.raises(NotFoundError):
        service.reader.resolve_keyword("News")
    with pytest.raises(NotFoundError):
        service.reader.video("aaaaaaaaaaa")


def test_a_redis_that_hangs_costs_one_of_all_readers_a_second(service: Service) -> None:
    service.page()
    record(service.store, [video(2)])
    service.later(5)
    with service.redis.paused():
        began = time.monotonic()
        page = service.page()
        assert (page.cache, len(page.items)) == (CacheState.MISS, 2)
        for channel in ("UC0000000000000000000001", "UC0000000000000000000002"):
            service.page(Feed(channel_id=channel))
        watch = add_watch(service.store, "news")
        service.page(Feed(watch_id=watch.watch_id))
        assert time.monotonic() - began < 1.9
