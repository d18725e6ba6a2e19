"""What concerns Redis alone: time to live, garbage, absence."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from app.cache.base import HEAD_TTL_SECONDS
from app.cache.redis import RedisFeedCache, RedisKeyIndex, connect
from app.domain.errors import CacheUnavailableError, CacheWriteFailedError
from app.domain.feeds import ALL, Feed
from tests.contract.cache.test_cache import head
from tests.processes import free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from redis import Redis

    from tests.servers.redis import Redis as RedisServer

KEY = "newsreel:head:all"


def test_every_head_has_a_time_to_live_that_starts_anew_with_each_put(client: Redis) -> None:
    cache = RedisFeedCache(client)
    cache.put(ALL, head(1))
    cache.put(Feed(watch_id=1), head(1))
    cache.put(Feed(watch_id=2), head(1))
    keys = list(client.scan_iter())
    assert len(keys) == 3
    assert all(0 < client.ttl(key) <= HEAD_TTL_SECONDS for key in keys)
    client.expire(KEY, 10)
    cache.put(ALL, head(1))
    assert client.ttl(KEY) > 10


def _as_fields(client: Redis) -> None:
    client.hset(KEY, mapping={"version": b"\xff?", "head": b"\xff?"})


def _as_text(client: Redis) -> None:
    client.set(KEY, b"of another release")


def _without_a_head(client: Redis) -> None:
    client.hset(KEY, "other", b"1")


def _cut_off(client: Redis) -> None:
    RedisFeedCache(client).put(ALL, head(1))
    whole = client.hget(KEY, "head")
    assert isinstance(whole, bytes)
    client.hset(KEY, "head", whole[:-1])
    client.hset(KEY, "version", b"")


@pytest.mark.parametrize("spoil", [_as_fields, _as_text, _without_a_head, _cut_off])
def test_garbage_counts_as_absent_and_is_written_over(
    client: Redis, spoil: Callable[[Redis], None]
) -> None:
    spoil(client)
    cache = RedisFeedCache(client)
    assert cache.get(ALL) is None
    assert cache.version(ALL) is None
    assert cache.put(ALL, head(1))
    assert cache.get(ALL) == head(1)


def test_a_redis_that_is_down_is_told_at_once_and_used_again_when_it_is_back(
    own_redis: RedisServer,
) -> None:
    client = connect(own_redis.url)
    cache = RedisFeedCache(client)
    cache.put(ALL, head(5))
    own_redis.kill()
    began = time.monotonic()
    for act in (
        lambda: cache.get(ALL),
        lambda: cache.put(ALL, head(6)),
        lambda: cache.version(ALL),
        lambda: RedisKeyIndex(client).next(),
    ):
        with pytest.raises(CacheUnavailableError):
            act()
    assert time.monotonic() - began < 1
    own_redis.start()
    assert cache.get(ALL) is None
    assert cache.put(ALL, head(6))
    client.close()


def test_a_connection_that_was_lost_is_made_again_within_the_call(client: Redis) -> None:
    cache = RedisFeedCache(client)
    cache.put(ALL, head(5))
    client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")  # type: ignore[no-untyped-call] # redis-py does not type it
    assert cache.get(ALL) == head(5)


def test_a_command_whose_connection_is_lost_on_the_way_is_sent_again(
    client: Redis, redis_url: str
) -> None:
    cache = RedisFeedCache(client)
    with closing(connect(redis_url)) as admin, ThreadPoolExecutor() as threads:
        admin.client_pause(timeout=5_000, all=False)  # writes wait
        writing = threads.submit(cache.put, ALL, head(5))
        wait_until(lambda: _info(admin, "blocked_clients") == 1, 2)
        admin.client_kill_filter(_type="normal", skipme=True)
        admin.client_unpause()
        assert writing.result()
    assert cache.version(ALL) == 5


def _info(client: Redis, name: str) -> int:
    told: dict[str, int] = client.info()
    return told[name]


def test_a_redis_that_does_not_answer_costs_seconds_and_no_more() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        cache = RedisFeedCache(connect(f"redis://127.0.0.1:{silent.getsockname()[1]}/0"))
        began = time.monotonic()
        with pytest.raises(CacheUnavailableError):
            cache.get(ALL)
        assert time.monotonic() - began < 5


def test_an_error_tells_no_password() -> None:
    cache = RedisFeedCache(connect(f"redis://:s3cret@127.0.0.1:{free_port()}/0"))
    with pytest.raises(CacheUnavailableError) as told:
        cache.get(ALL)
    assert "s3cret" not in str(told.value)


@contextmanager
def _full(client: Redis) -> Iterator[None]:
    before = {**client.config_get("maxmemory"), **client.config_get("maxmemory-policy")}
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", "1")
    try:
        yield
    finally:
        for name, value in before.items():
            client.config_set(str(name), str(value))


@contextmanager
def _read_only(client: Redis) -> Iterator[None]:
    client.replicaof("127.0.0.1", str(free_port()))
    try:
        yield
    finally:
        client.replicaof("NO", "ONE")


@pytest.mark.parametrize("refusing", [_full, _read_only])
def test_a_redis_that_takes_no_writes_says_so_and_is_read(
    client: Redis, refusing: Callable[[Redis], AbstractContextManager[None]]
) -> None:
    cache = RedisFeedCache(client)
    cache.put(ALL, head(1))
    cache.check_writes()
    with refusing(client):
        assert cache.version(ALL) == 1
        with pytest.raises(CacheWriteFailedError):
            cache.put(ALL, head(2))
        with pytest.raises(CacheWriteFailedError):
            cache.check_writes()
        assert cache.get(ALL) == head(1)
    assert cache.put(ALL, head(2))


def test_two_sites_share_a_redis_and_see_nothing_of_each_other(client: Redis) -> None:
    ours, theirs, nameless = (RedisFeedCache(client) for _ in range(3))
    ours.learn_site("ours")
    theirs.learn_site("theirs")
    ours.put(ALL, head(500))
    assert nameless.version(ALL) == 500, "the only one"
    assert theirs.get(ALL) is None
    for _ in range(2):
        assert theirs.put(ALL, head(3))
        assert (ours.version(ALL), theirs.version(ALL)) == (500, 3)
        assert nameless.version(ALL) is None, "whose is not known, so nobody's"
        assert ours.put(ALL, head(500))
    assert nameless.get(ALL) is None
    assert all(client.ttl(key) > 0 for key in client.scan_iter())
