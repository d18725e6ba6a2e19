"""What holds for the cache in memory and in Redis alike."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING

from app.domain.feeds import ALL, Feed, Head, Position

if TYPE_CHECKING:
    from app.cache.base import FeedCache, KeyIndex

NOW = datetime(2026, 5, 1, 12, 0, 0, 1, tzinfo=UTC)


def head(version: int, text: str = "é🔥") -> Head:
    item = f'{{"title":"{text}","version":{version}}}'.encode()
    return Head(version, 2, (Position(NOW, "aaaaaaaaaaa"),) * 2, (item, b"{}"))


def test_a_cache_without_the_feed_has_neither_head_nor_version(cache: FeedCache) -> None:
    assert cache.get(ALL) is None
    assert cache.version(ALL) is None


def test_what_was_put_comes_back_equal(cache: FeedCache) -> None:
    empty = Head(7, 0, (), ())
    assert cache.put(ALL, head(3))
    assert cache.put(Feed(watch_id=7), empty)
    assert cache.get(ALL) == head(3)
    assert cache.version(ALL) == 3
    assert cache.get(Feed(watch_id=7)) == empty


def test_feeds_do_not_share_a_head(cache: FeedCache) -> None:
    cache.put(Feed(watch_id=1), head(1))
    assert cache.get(Feed(watch_id=11)) is None
    assert cache.get(ALL) is None


def test_an_older_head_is_refused_and_an_equal_or_newer_one_taken(cache: FeedCache) -> None:
    cache.put(ALL, head(10))
    assert not cache.put(ALL, head(9))
    assert cache.get(ALL) == head(10)
    assert cache.put(ALL, head(10, "again"))
    assert cache.get(ALL) == head(10, "again")
    assert cache.put(ALL, head(11))
    assert cache.version(ALL) == 11


def test_versions_that_readers_see_never_go_back_under_eight_slow_writers(
    cache: FeedCache,
) -> None:
    done = Event()

    def write(writer: int) -> None:
        delays = random.Random(writer)
        for version in range(writer, 200, 8):
            built = head(version)
            time.sleep(delays.uniform(0, 0.004))  # a writer is late by no fixed amount
            cache.put(ALL, built)

    def read() -> list[int]:
        seen = []
        while not done.is_set():
            kept, version = cache.get(ALL), cache.version(ALL)
            seen += [] if kept is None else [kept.version]
            seen += [] if version is None else [version]
        return seen

    with ThreadPoolExecutor(10) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for writer in [pool.submit(write, number) for number in range(8)]:
            writer.result()
        done.set()
        for reader in readers:
            seen = reader.result()
            assert seen == sorted(seen)
            assert len(set(seen)) > 1
    assert cache.version(ALL) == 199


def test_the_key_index_counts_from_one_and_gives_no_number_twice(index: KeyIndex) -> None:
    assert index.next() == 1
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: index.next(), range(80)))
    assert sorted(numbers) == list(range(2, 82))


def test_a_dropped_head_is_gone_and_may_come_back_in_any_version(cache: FeedCache) -> None:
    cache.put(Feed(watch_id=1), head(10))
    cache.put(Feed(watch_id=11), head(10))
    for _ in range(2):
        cache.drop(Feed(watch_id=1))
        assert cache.get(Feed(watch_id=1)) is None
        assert cache.version(Feed(watch_id=1)) is None
    assert cache.version(Feed(watch_id=11)) == 10
    assert cache.put(Feed(watch_id=1), head(3))
