"""Page 1 within a process: who rebuilds it, what is published, and that it never goes back."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, TypeVar

import pytest
from structlog.testing import capture_logs

from app.cache.memory import MemoryFeedCache
from app.cache.redis import RedisFeedCache, connect
from app.domain.changes import Bookmark
from app.domain.errors import (
    CacheUnavailableError,
    ChangesForgottenError,
    NothingToServeError,
    StoreUnavailableError,
)
from app.domain.feeds import ALL, HEAD_ITEMS, CacheState, Feed, Head, PageRequest
from app.feed.changes import ChangesReader
from app.feed.head_reader import HeadReader
from app.feed.heads import build_head
from app.feed.known_heads import KnownHead, KnownHeads
from app.feed.publisher import FeedPublisher
from app.feed.reader import FeedReader
from app.feed.watched_feeds import WatchedFeeds
from app.store.database import Database
from app.store.store import Store
from app.telemetry import Incidents, get_logger
from tests.contract.store.tellings import (
    NOW,
    VIDEO,
    add_watch,
    get_version,
    record,
    video,
    wipe,
)
from tests.processes import free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.cache.base import FeedCache
    from app.store.store import Transaction

T = TypeVar("T")


class CountedStore(Store):
    """Counts the feed's reads; a read waits while the gate is shut."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.database = database
        self.reads = 0
        self.broken = False
        self.gate = Event()
        self.gate.set()

    def read_replica(self, work: Callable[[Transaction], T]) -> T:
        self.reads += 1
        assert self.gate.wait(20)
        if self.broken:
            raise StoreUnavailableError("it is away")
        return super().read_replica(work)


def told() -> Incidents:
    return Incidents(get_logger("test"))


def let_note(reader: FeedReader, store: Store) -> None:
    """Let a reader note which watches were read."""
    reader.start()
    wait_until(lambda: store.read(lambda t: t.watches.list_accessed(NOW)))
    reader.close()


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def store(sqlite_url: str) -> Iterator[CountedStore]:
    opened = CountedStore(Database(sqlite_url))
    opened.migrate()
    yield opened
    opened.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


class CountedCache(MemoryFeedCache):
    """Counts how often it is asked, and remembers whose heads it was told that these are."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.sites: list[str] = []

    def version(self, feed: Feed) -> int | None:
        self.asked += 1
        return super().version(feed)

    def learn_site(self, site: str) -> None:
        self.sites.append(site)


@pytest.fixture
def cache() -> CountedCache:
    return CountedCache()


@pytest.fixture
def away() -> Iterator[RedisFeedCache]:
    client = connect(f"redis://127.0.0.1:{free_port()}/0")
    yield RedisFeedCache(client)
    client.close()


@pytest.fixture
def publisher(store: Store, cache: FeedCache, clock: Clock) -> FeedPublisher:
    return FeedPublisher(store, cache, clock, told())


@pytest.mark.parametrize("kind", ["embedded", "redis away"])
def test_one_reader_rebuilds_while_twenty_wait(
    store: CountedStore, cache: FeedCache, away: FeedCache, clock: Clock, kind: str
) -> None:
    record(store, [VIDEO])
    chosen, hold_seconds = (cache, 0) if kind == "embedded" else (away, 1)
    heads = HeadReader(store, chosen, clock, hold_seconds, told())
    store.gate.clear()
    with ThreadPoolExecutor(21) as pool:
        reads = [pool.submit(heads.read, ALL) for _ in range(21)]
        wait_until(lambda: store.reads)
        store.gate.set()
        states = [read.result().state for read in reads]
    assert store.reads == 1
    assert sorted(states) == [CacheState.HIT] * 20 + [CacheState.MISS]


def test_readers_with_a_page_kept_do_not_wait_for_one_that_rebuilds_for_over_a_second(
    store: CountedStore, away: FeedCache, clock: Clock
) -> None:
    record(store, [VIDEO])
    heads = HeadReader(store, away, clock, 1, told())
    heads.read(ALL)
    clock.now += timedelta(seconds=7)
    record(store, [video(2)])
    store.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        rebuilding = pool.submit(heads.read, ALL)
        wait_until(lambda: store.reads == 2)
        clock.now += timedelta(seconds=1)
        stale = [heads.read(ALL) for _ in range(20)]
        store.gate.set()
        assert len(rebuilding.result().head.items) == 2
    assert {(read.state, read.age_seconds) for read in stale} == {(CacheState.STALE, 8)}
    assert store.reads == 2


def test_the_version_never_goes_back_within_a_process(
    store: CountedStore, cache: MemoryFeedCache, clock: Clock
) -> None:
    record(store, [VIDEO, video(2)])
    heads = HeadReader(store, cache, clock, 0, told())
    newest = heads.read(ALL).head
    cache.drop(ALL)
    cache.put(ALL, Head(1, 1, newest.positions[:1], newest.items[:1]))
    assert heads.read(ALL).head == newest


def test_a_head_is_served_without_the_cache_for_as_long_as_it_is_held(
    store: CountedStore, cache: MemoryFeedCache, clock: Clock, publisher: FeedPublisher
) -> None:
    record(store, [VIDEO])
    heads = HeadReader(store, cache, clock, 1, told())
    heads.read(ALL)
    record(store, [video(2)])
    publisher.publish([])
    assert len(heads.read(ALL).head.items) == 1
    clock.now += timedelta(seconds=1)
    assert len(heads.read(ALL).head.items) == 2
    clock.now -= timedelta(hours=1)
    record(store, [video(3)])
    publisher.publish([])
    assert len(heads.read(ALL).head.items) == 3, "a clock set back must not hold a page for an hour"


def test_any_first_page_is_a_slice_of_the_head_and_costs_no_read(
    store: CountedStore, cache: MemoryFeedCache, clock: Clock, publisher: FeedPublisher
) -> None:
    record(store, [video(number) for number in range(HEAD_ITEMS + 50)])
    publisher.publish([])
    reader = FeedReader(store, HeadReader(store, cache, clock, 0, told()), clock, told())
    whole = reader.page(PageRequest(ALL, HEAD_ITEMS))
    for limit in (1, 10, HEAD_ITEMS):
        page = reader.page(PageRequest(ALL, limit))
        assert page.items == whole.items[:limit]
        assert page.next_cursor is not None
        assert page.total == HEAD_ITEMS + 50
    assert store.reads == 0
    second = reader.page(PageRequest(ALL, HEAD_ITEMS, cursor=whole.next_cursor))
    assert len(second.items) == 50
    assert second.next_cursor is None
    assert set(second.items).isdisjoint(whole.items)


def test_a_publish_that_was_missed_is_made_up_for_by_the_next_repair(
    store: CountedStore, cache: MemoryFeedCache, publisher: FeedPublisher, clock: Clock
) -> None:
    watch = add_watch(store)
    feed = Feed(watch_id=watch.watch_id)
    reader = FeedReader(store, HeadReader(store, cache, clock, 0, told()), clock, told())
    reader.page(PageRequest(feed, 10))
    let_note(reader, store)
    record(store, [VIDEO], watch.watch_id)
    publisher.repair()
    for each in (ALL, feed):
        assert cache.get(each) == store.read(lambda t, it=each: build_head(t, it))  # type: ignore[misc] # a default's type
        assert cache.version(each) == get_version(store, each)


def test_repair_leaves_what_is_right_alone(
    store: CountedStore, cache: MemoryFeedCache, publisher: FeedPublisher
) -> None:
    record(store, [VIDEO])
    marked = Head(get_version(store, ALL), 1, (), (b"untouched",))
    cache.put(ALL, marked)
    publisher.repair()
    assert cache.get(ALL) == marked


def test_a_database_put_back_to_an_older_state_goes_on_above_what_was_served(
    store: CountedStore, cache: MemoryFeedCache, publisher: FeedPublisher, clock: Clock
) -> None:
    record(store, [VIDEO, video(2), video(3)])
    publisher.publish([])
    heads = HeadReader(store, cache, clock, 0, told())
    served = heads.read(ALL).head.version
    wipe(store.database)
    record(store, [video(4)])
    publisher.repair()
    for reader in (heads, HeadReader(store, cache, clock, 0, told())):
        read = reader.read(ALL)
        assert (read.head.version, len(read.head.items)) == (served + 1, 1)
    with pytest.raises(ChangesForgottenError):
        ChangesReader(store).read(Bookmark(served, served), 10)
    record(store, [video(5)])
    publisher.publish([])
    assert heads.read(ALL).head.version == served + 2


def test_what_only_a_process_has_served_is_not_served_again_as_something_else(
    store: CountedStore, cache: MemoryFeedCache, publisher: FeedPublisher, clock: Clock
) -> None:
    record(store, [VIDEO, video(2), video(3)])
    heads = HeadReader(store, cache, clock, 0, told())
    served = heads.read(ALL).head.version
    wipe(store.database)
    cache.drop(ALL)
    WatchedFeeds(store, clock, heads).catch_up()
    record(store, [video(4)])
    publisher.repair()
    assert heads.read(ALL).head.version == served + 2
    assert len(heads.read(ALL).head.items) == 1


@pytest.mark.parametrize("by_process", [False, True])
def test_a_watch_behind_what_was_served_is_lifted_where_everything_has_moved_past_that(
    store: CountedStore,
    cache: MemoryFeedCache,
    publisher: FeedPublisher,
    clock: Clock,
    sqlite_url: str,
    *,
    by_process: bool,
) -> None:
    """The cache was away when the database was put back, and polls went on meanwhile."""
    watch_id = add_watch(store, "quiet").watch_id
    feed = Feed(watch_id=watch_id)
    store.write(lambda t: t.watches.note_access(watch_id, NOW, NOW))
    file = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    with closing(file), closing(sqlite3.connect(":memory:")) as dump:
        file.backup(dump)
        record(store, [VIDEO, video(2)], watch_id)
        heads = HeadReader(store, cache, clock, 0, told())
        served = heads.read(feed).head.version
        publisher.repair()
        dump.backup(file)
    while get_version(store, ALL) <= served:
        record(store, [video(3 + get_version(store, ALL))])
    if by_process:
        cache.drop(feed)
        watched = WatchedFeeds(store, clock, heads)
        watched.asked(feed)
        watched.catch_up()
    publisher.repair()
    for reader in (heads, HeadReader(store, cache, clock, 0, told())):
        read = reader.read(feed).head
        assert (read.version, read.items) == (get_version(store, feed), ())
    assert read.version > served
    with capture_logs() as lines:
        publisher.repair()
    assert not lines, "once is enough"


def test_heads_go_by_the_name_of_a_database_that_was_made_anew(
    store: CountedStore, cache: CountedCache, clock: Clock, sqlite_url: str
) -> None:
    publisher = FeedPublisher(store, cache, clock, told())
    publisher.repair()
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as file, file:
        file.execute("UPDATE feed_version SET site = 'another'")
    publisher.repair()
    assert [len(cache.sites), cache.sites[-1]] == [2, "another"]


def test_a_watch_that_nobody_reads_is_not_published(
    store: CountedStore, cache: MemoryFeedCache, publisher: FeedPublisher, clock: Clock
) -> None:
    read, unread = add_watch(store, "read"), add_watch(store, "unread")
    reader = FeedReader(store, HeadReader(store, cache, clock, 0, told()), clock, told())
    reader.page(PageRequest(Feed(watch_id=read.watch_id), 10))
    let_note(reader, store)
    record(store, [VIDEO], read.watch_id)
    record(store, [VIDEO], unread.watch_id)
    publisher.publish([read.watch_id, unread.watch_id])
    assert cache.version(Feed(watch_id=unread.watch_id)) is None
    assert cache.version(Feed(watch_id=read.watch_id)) == get_version(
        store, Feed(watch_id=read.watch_id)
    )
    clock.now += timedelta(hours=2)
    record(store, [video(2)], read.watch_id)
    publisher.publish([read.watch_id])
    assert cache.version(Feed(watch_id=read.watch_id)) != get_version(
        store, Feed(watch_id=read.watch_id)
    )


def test_a_cache_that_is_away_fails_neither_publish_nor_repair(
    store: CountedStore, away: RedisFeedCache, clock: Clock
) -> None:
    record(store, [VIDEO])
    publisher = FeedPublisher(store, away, clock, told())
    publisher.publish([])
    publisher.repair()
    with pytest.raises(CacheUnavailableError):
        away.get(ALL)


def test_a_reader_tells_once_that_the_cache_is_away(
    store: CountedStore, away: RedisFeedCache, clock: Clock
) -> None:
    record(store, [VIDEO])
    with capture_logs() as logs:
        heads = HeadReader(store, away, clock, 0, told())
        for _ in range(3):
            heads.read(ALL)
    assert [(log["event"], log["code"]) for log in logs] == [
        ("incident_began", "cache_unavailable")
    ]


def test_a_client_that_has_seen_a_newer_version_is_not_shown_an_older_one(
    store: CountedStore, cache: MemoryFeedCache, clock: Clock, publisher: FeedPublisher
) -> None:
    record(store, [VIDEO])
    heads = HeadReader(store, cache, clock, 1, told())
    heads.read(ALL)
    record(store, [video(2)])
    publisher.publish([])
    clock.now += timedelta(milliseconds=100)
    seen = get_version(store, ALL)
    assert heads.read(ALL).head.version < seen, "held for a second"
    assert heads.read(ALL, at_least=seen).head.version == seen
    assert store.reads == 1, "the cache had it"

    record(store, [video(3)])  # and nobody publishes it
    clock.now += timedelta(milliseconds=100)
    seen = get_version(store, ALL)
    assert heads.read(ALL, at_least=seen).head.version == seen


def test_versions_that_never_were_do_not_cost_a_read_each(
    store: CountedStore, cache: CountedCache, clock: Clock
) -> None:
    record(store, [VIDEO])
    heads = HeadReader(store, cache, clock, 1, told())
    heads.read(ALL)
    for _ in range(50):
        clock.now += timedelta(milliseconds=10)
        heads.read(ALL, at_least=10**15)
    assert cache.asked <= 6


def test_a_channels_head_costs_no_read_while_nothing_changes(
    store: CountedStore, cache: MemoryFeedCache, clock: Clock, publisher: FeedPublisher
) -> None:
    record(store, [VIDEO])
    publisher.publish([])
    channel = Feed(channel_id=VIDEO.channel_id)
    heads = HeadReader(store, cache, clock, 1, told())
    assert heads.read(channel).state is CacheState.MISS
    for _ in range(5):
        clock.now += timedelta(seconds=1)
        assert heads.read(channel).state is CacheState.HIT
    assert store.reads == 1
    record(store, [video(2)])
    publisher.publish([])
    clock.now += timedelta(seconds=1)
    assert len(heads.read(channel).head.items) == 2


def test_those_who_waited_for_a_reader_that_failed_do_not_each_try_as_well(
    store: CountedStore, away: RedisFeedCache, clock: Clock
) -> None:
    store.broken = True
    store.gate.clear()
    heads = HeadReader(store, away, clock, 1, told())
    with ThreadPoolExecutor(20) as pool:
        reads = [pool.submit(heads.read, ALL) for _ in range(20)]
        wait_until(lambda: store.reads)
        wait_until(lambda: pool._work_queue.qsize() == 0)
        store.gate.set()
        errors = [read.exception() for read in reads]
    assert all(isinstance(error, NothingToServeError) for error in errors)
    assert store.reads <= 2


@pytest.mark.parametrize("hold_seconds", [0, 1])
def test_a_page_is_ready_for_as_long_as_it_would_be_a_hit(
    store: CountedStore,
    cache: MemoryFeedCache,
    clock: Clock,
    publisher: FeedPublisher,
    hold_seconds: int,
) -> None:
    record(store, [VIDEO])
    publisher.publish([])
    heads = HeadReader(store, cache, clock, hold_seconds, told())
    assert heads.ready_version(ALL) is None
    version = heads.read(ALL).head.version
    assert heads.ready_version(ALL) == version
    record(store, [video(2)])
    publisher.publish([])
    clock.now += timedelta(seconds=1)
    assert heads.ready_version(ALL) != version


def test_one_of_a_crowd_is_sent_to_check_a_page_and_the_others_have_it_ready(
    store: CountedStore, cache: MemoryFeedCache, clock: Clock
) -> None:
    record(store, [VIDEO])
    heads = HeadReader(store, cache, clock, 1, told())
    version = heads.read(ALL).head.version
    clock.now += timedelta(seconds=1)
    asked = [heads.ready_version(ALL) for _ in range(5)]
    assert asked == [None, version, version, version, version]
    clock.now += timedelta(milliseconds=100)
    assert heads.ready_version(ALL) is None, "who was sent may never have arrived"
    clock.now += timedelta(milliseconds=900)
    assert [heads.ready_version(ALL) for _ in range(2)] == [None, None], "it is overdue"


def test_heads_beyond_the_bound_are_forgotten_the_oldest_first() -> None:
    head = Head(1, 1, (), (b"x" * 10_000,))
    known = KnownHeads(max_bytes=100_000)
    for number in range(10):
        known.put(Feed(watch_id=number), KnownHead(head, NOW, NOW))
    kept = [number for number in range(10) if known.get(Feed(watch_id=number))]
    assert kept == [7, 8, 9]
