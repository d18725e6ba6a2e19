"""Watches that readers ask for: found in memory, noted beside the requests, fresh after a pause."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import pytest

from app.cache.memory import MemoryFeedCache
from app.domain.errors import NotFoundError, StoreUnavailableError
from app.domain.feeds import ALL, CacheState, Feed, PageRequest
from app.feed.head_reader import HeadReader
from app.feed.publisher import FeedPublisher
from app.feed.reader import FeedReader
from app.feed.watched_feeds import LAST_ROUND_SECONDS, WatchedFeeds
from app.store.database import Database
from app.store.store import Store
from app.telemetry import Incidents, get_logger
from tests.contract.store.tellings import (
    LONG_AGO,
    NOW,
    add_watch,
    get_watch,
    record,
    video,
)
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from app.domain.feeds import Page
    from app.store.store import Transaction
    from tests.servers.mariadb import MariaDB

AT_ONCE_SECONDS = 1
T = TypeVar("T")


class LeavingStore(Store):
    """Counts what is asked of the primary; is away while it is told to be."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.asked = 0
        self.is_away = False

    def read(self, work: Callable[[Transaction], T]) -> T:
        self.asked += 1
        if self.is_away:
            raise StoreUnavailableError("away")
        return super().read(work)

    def read_replica(self, work: Callable[[Transaction], T]) -> T:
        return self.read(work)


class Service:
    """One process that reads watches; another one publishes, to the same cache."""

    def __init__(self, url: str) -> None:
        self.now = NOW
        self.store = LeavingStore(Database(url))
        self.store.migrate()
        self.watch_id = add_watch(self.store, "news").watch_id
        self.feed = Feed(watch_id=self.watch_id)
        self.cache = MemoryFeedCache()
        self.publisher = FeedPublisher(self.store, self.cache, self.clock, told())
        self.reader = self.new_reader()

    def new_reader(self) -> FeedReader:
        heads = HeadReader(self.store, self.cache, self.clock, 0.9, told())
        return FeedReader(self.store, heads, self.clock, told())

    def clock(self) -> datetime:
        return self.now

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def store_video(self, number: int) -> None:
        """As ingest does: commit, then publish what is read."""
        record(self.store, [video(number)], self.watch_id)
        self.publisher.publish([self.watch_id])

    def page(self) -> Page:
        return self.reader.page(PageRequest(self.reader.resolve_watch(self.watch_id), 10))

    def page_within_a_second(self) -> Page:
        began = time.monotonic()
        page = self.page()
        assert self.reader.resolve_keyword("news") == self.feed
        assert time.monotonic() - began < AT_ONCE_SECONDS
        return page

    def wait_for_note(self, noted_at: datetime) -> None:
        wait_until(lambda: get_watch(self.store, self.watch_id).last_accessed_at == noted_at)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Let accesses be noted, as in a process that serves."""
        self.reader.start()
        yield
        self.reader.close()


def told() -> Incidents:
    return Incidents(get_logger("test"))


@pytest.fixture
def service(sqlite_url: str) -> Iterator[Service]:
    made = Service(sqlite_url)
    yield made
    made.store.dispose()


def test_a_watch_that_nobody_read_for_an_hour_is_shown_as_it_is_now(service: Service) -> None:
    with service.noting():
        service.page()
        service.wait_for_note(NOW)
    service.store_video(1)
    service.later(seconds=1)
    assert (service.page().cache, len(service.page().items)) == (CacheState.HIT, 1)

    service.later(hours=2)
    service.store_video(2)
    cached = service.cache.get(service.feed)
    assert cached is not None
    assert len(cached.items) == 1, "nobody reads it, so it is not published"
    assert service.reader.ready_version(service.feed) is None
    assert len(service.page().items) == 2

    service.later(hours=2)
    service.store_video(3)
    service.reader = service.new_reader()  # another process, which never read it
    assert len(service.page().items) == 3


def test_what_is_stored_before_a_first_access_is_noted_is_shown_too(service: Service) -> None:
    service.page()
    service.store_video(1)  # and not published
    service.later(seconds=1)
    with service.noting():
        service.wait_for_note(service.now)
    service.later(seconds=1)
    assert len(service.page().items) == 1
    service.store_video(2)
    assert service.cache.version(service.feed) is not None
    service.later(seconds=1)
    assert (service.page().cache, len(service.page().items)) == (CacheState.HIT, 2)


def test_an_access_is_noted_once_a_minute(service: Service) -> None:
    watched = WatchedFeeds(service.store, service.clock)
    noted = []
    for seconds in (0, 59, 2, 30):
        service.later(seconds=seconds)
        watched.asked(service.feed)
        watched.catch_up()
        noted.append(get_watch(service.store, service.watch_id).last_accessed_at)
    minute = NOW + timedelta(seconds=61)
    assert noted == [NOW, NOW, minute, minute]


def test_readers_of_a_watch_do_not_wait_for_the_write_lock(
    service: Service, tmp_path: Path
) -> None:
    with (
        service.noting(),
        closing(sqlite3.connect(tmp_path / "newsreel.db", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        service.page_within_a_second()
        service.later(minutes=2)
        service.page_within_a_second()
        other.execute("ROLLBACK")
        service.wait_for_note(service.now)


def test_a_watch_that_was_removed_is_not_found_any_more(service: Service) -> None:
    with service.noting():
        service.page()
        service.wait_for_note(NOW)
        service.store.write(lambda t: t.watches.remove(service.watch_id, LONG_AGO))
        wait_until(lambda: is_gone(service))
        with pytest.raises(NotFoundError):
            service.reader.resolve_keyword("news")
        assert service.reader.ready_version(service.feed) is None


def is_gone(service: Service) -> bool:
    try:
        service.page()
    except NotFoundError:
        return True
    return False


def test_watches_are_trusted_for_as_long_as_the_database_is_away(service: Service) -> None:
    with service.noting():
        service.page()
        service.wait_for_note(NOW)
        service.store_video(1)
        service.store.is_away = True
        service.later(minutes=2)
        service.page()
        asked = service.store.asked
        wait_until(lambda: service.store.asked > asked + 1)
        service.later(hours=3)
        assert service.page_within_a_second().cache is CacheState.HIT
        service.store.is_away = False
        service.wait_for_note(service.now)


def test_pages_of_watches_take_no_longer_while_the_database_hangs(own_mariadb: MariaDB) -> None:
    with own_mariadb.fresh_database() as url:
        service = Service(url)
        service.reader.start()
        service.page()
        service.wait_for_note(NOW)
        service.store_video(1)
        with own_mariadb.paused():
            for _ in range(5):
                service.later(seconds=30)
                assert len(service.page_within_a_second().items) == 1
            began = time.monotonic()
            service.reader.close()
            assert time.monotonic() - began < LAST_ROUND_SECONDS + AT_ONCE_SECONDS
        wait_until(lambda: not service.reader._watched._thread.is_alive(), 30)
        service.store.dispose()


@pytest.mark.parametrize("of_all", [True, False])
def test_a_head_that_the_cache_did_not_take_is_read_from_the_database(
    service: Service, *, of_all: bool
) -> None:
    feed = ALL if of_all else service.feed

    def titles() -> int | None:
        service.later(seconds=1)  # what is held is looked at again
        return service.reader.page(PageRequest(feed, 10)).total

    service.store_video(1)
    service.reader.resolve_watch(service.watch_id)
    with service.noting():
        assert titles() == 1
        record(service.store, [video(2)], service.watch_id)  # and its publication is refused
        wait_until(lambda: titles() == 2, 10)
