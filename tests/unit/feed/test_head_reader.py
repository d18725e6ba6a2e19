"""Heads over backends that are slow, silent or away: who waits, who is told what."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import NothingToServeError, StatementTimeoutError, StoreUnavailableError
from app.domain.feeds import ALL, CacheState, Feed
from tests.unit.feed.backends import Backends
from tests.waiting import wait_until

if TYPE_CHECKING:
    from app.feed.head_reader import HeadReader

DEADLINE_SECONDS = 10


@pytest.fixture
def backends() -> Backends:
    return Backends()


@pytest.fixture
def heads(backends: Backends) -> HeadReader:
    backends.publish(ALL, 1)
    return backends.reader()


def shut(gate: Event) -> None:
    assert gate.wait(DEADLINE_SECONDS)


def test_a_crowd_after_an_idle_while_waits_for_the_newest_and_is_not_told_it_is_stale(
    backends: Backends, heads: HeadReader
) -> None:
    heads.read(ALL)
    backends.clock.move(3)
    backends.publish(ALL, 2)
    asking, gate = Event(), Event()

    def meanwhile() -> None:
        asking.set()
        shut(gate)

    backends.cache.meanwhile = meanwhile
    with ThreadPoolExecutor(20) as pool:
        first = pool.submit(heads.read, ALL)
        shut(asking)
        crowd = [pool.submit(heads.read, ALL) for _ in range(19)]
        wait_until(lambda: pool._work_queue.qsize() == 0)
        gate.set()
        reads = [read.result() for read in [first, *crowd]]
    assert {(read.head.version, read.state) for read in reads} == {(2, CacheState.HIT)}
    assert backends.cache.calls == 3, "one looked, for all"


def test_a_page_is_stale_for_those_who_ask_a_second_after_a_look_began_that_has_not_ended(
    backends: Backends, heads: HeadReader
) -> None:
    heads.read(ALL)
    told = []

    def meanwhile() -> None:
        for seconds in (0, 0.8, 0.2):
            backends.clock.move(seconds)
            told.append(heads.read(ALL).state)

    backends.clock.move(1)
    backends.cache.meanwhile = meanwhile
    assert heads.read(ALL).state is CacheState.HIT, "who looked has the answer"
    assert told == [CacheState.HIT, CacheState.HIT, CacheState.STALE]


def test_a_cache_that_did_not_answer_is_not_asked_again_for_a_second(
    backends: Backends, heads: HeadReader
) -> None:
    heads.read(ALL)
    before = backends.cache.calls
    backends.cache.is_away = True
    backends.clock.move(5)
    backends.commit(ALL, 2)
    assert heads.read(ALL).state is CacheState.MISS
    assert backends.cache.calls == before + 1, "what was rebuilt is not offered to it"
    heads.read(Feed(watch_id=1))
    assert backends.cache.calls == before + 1
    backends.clock.move(1)
    backends.cache.is_away = False
    assert heads.read(ALL).head.version == 2
    assert backends.cache.calls > before + 1


def test_a_second_begins_when_the_cache_was_asked_not_when_it_answered(
    backends: Backends, heads: HeadReader
) -> None:
    backends.cache.meanwhile = lambda: backends.clock.move(0.8)
    heads.read(ALL)
    backends.cache.meanwhile = lambda: None
    backends.publish(ALL, 2)
    backends.clock.move(0.25)
    assert heads.ready_version(ALL) is None
    assert heads.read(ALL).head.version == 2


def test_a_version_that_never_was_costs_nobody_else_the_page_while_the_database_is_away(
    backends: Backends, heads: HeadReader
) -> None:
    heads.read(ALL)
    backends.store.failure = StoreUnavailableError("away")
    backends.clock.move(1)
    for _ in range(3):  # the first asks, the others are told the same
        assert heads.read(ALL, at_least=10**15).state is CacheState.STALE
    assert backends.store.calls == 1
    assert heads.ready_version(ALL) == 1
    assert heads.read(ALL).state is CacheState.HIT
    backends.store.failure = None
    backends.clock.move(1)
    assert heads.read(ALL, at_least=10**15).state is CacheState.HIT


def test_a_search_for_a_named_version_keeps_nobody_from_what_the_cache_has(
    backends: Backends, heads: HeadReader
) -> None:
    heads.read(ALL)
    seen = []

    def meanwhile() -> None:
        backends.publish(ALL, 2)
        backends.clock.move(5)
        seen.append(heads.read(ALL))

    backends.store.meanwhile = meanwhile
    heads.read(ALL, at_least=10**15)
    assert [(read.head.version, read.state) for read in seen] == [(2, CacheState.HIT)]
    assert heads.read(ALL).head.version == 2


def test_only_those_who_waited_for_the_same_feed_share_its_failure(backends: Backends) -> None:
    """The feeds are chosen so that they would share one of a few locks."""
    slow = Feed(watch_id=1)
    other = next(it for n in range(2, 9999) if hash(it := Feed(watch_id=n)) % 64 == hash(slow) % 64)
    backends.publish(other, 7)
    heads = backends.reader()
    asking, gate = Event(), Event()

    def meanwhile() -> None:
        asking.set()
        shut(gate)

    backends.store.meanwhile = meanwhile
    backends.store.failure = StatementTimeoutError("it took too long")
    with ThreadPoolExecutor(4) as pool:
        failing = [pool.submit(heads.read, slow)]
        shut(asking)
        failing += [pool.submit(heads.read, slow) for _ in range(2)]
        unhurt = pool.submit(heads.read, other)
        assert unhurt.result(DEADLINE_SECONDS).head.version == 7
        wait_until(lambda: pool._work_queue.qsize() == 0)
        gate.set()
        assert all(isinstance(each.exception(), NothingToServeError) for each in failing)
    assert backends.store.calls == 1


def test_a_channels_page_is_kept_when_both_are_away_and_the_feed_of_all_was_never_read(
    backends: Backends,
) -> None:
    channel = Feed(channel_id="UC0123456789012345678901")
    heads = backends.reader()
    heads.read(channel)
    backends.cache.is_away = True
    backends.store.failure = StoreUnavailableError("away")
    backends.clock.move(60)
    read = heads.read(channel)
    assert (read.state, read.age_seconds) == (CacheState.STALE, 60)
    with pytest.raises(NothingToServeError):
        heads.read(ALL)


def test_a_channels_page_is_as_old_as_what_is_known_of_all(
    backends: Backends, heads: HeadReader
) -> None:
    channel = Feed(channel_id="UC0123456789012345678901")
    backends.commit(channel, 1)
    heads.read(channel)
    backends.clock.move(1)
    heads.read(ALL)
    backends.clock.move(0.8)
    heads.read(channel)  # by what was known of all 0.8 s before
    backends.publish(ALL, 2)
    backends.commit(channel, 2)
    backends.clock.move(0.25)
    assert heads.read(channel).head.version == 2
