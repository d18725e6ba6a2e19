"""What Redis tells of the service's life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.cache.memory import MemoryTicks
from app.cache.redis import connect
from app.cache.redis_vitals import RedisQueues, RedisTicks
from app.domain.errors import CacheUnavailableError

if TYPE_CHECKING:
    from redis import Redis

    from app.cache.base import Ticks

AT = datetime(2026, 5, 1, 12, 0, 0, 123_000, tzinfo=UTC)


@pytest.fixture(params=["memory", "redis"])
def ticks(request: pytest.FixtureRequest) -> Ticks:
    if request.param == "memory":
        return MemoryTicks()
    return RedisTicks(request.getfixturevalue("client"))


def test_the_last_tick_is_known_once_there_was_one(ticks: Ticks) -> None:
    assert ticks.last() is None
    for at in (AT, AT + timedelta(seconds=10)):
        ticks.mark(at)
        assert ticks.last() == at


def test_what_is_written_goes_by_itself_and_garbage_is_no_tick(client: Redis) -> None:
    RedisTicks(client).mark(AT)
    assert all(int(str(client.ttl(key))) > 0 for key in client.scan_iter("*"))
    client.set("newsreel:tick", "once upon a time")
    assert RedisTicks(client).last() is None


def test_queues_are_as_long_as_their_lists(client: Redis) -> None:
    client.lpush("fetch", "a", "b")
    client.set("other", "no list")
    assert RedisQueues(client, ("tick", "fetch", "other")).lengths() == {
        "tick": 0,
        "fetch": 2,
        "other": 0,
    }


def test_a_redis_that_is_away_says_so_without_its_password() -> None:
    nowhere = connect("redis://:s3cret@127.0.0.1:1/0")
    for ask in (RedisTicks(nowhere).last, RedisQueues(nowhere, ("fetch",)).lengths):
        with pytest.raises(CacheUnavailableError, match=r"^Redis: ConnectionError$"):
            ask()
