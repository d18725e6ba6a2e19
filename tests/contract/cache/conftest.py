"""The cache of each kind: in memory, and in a Redis of the tests' own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.cache.memory import MemoryFeedCache, MemoryKeyIndex
from app.cache.redis import RedisFeedCache, RedisKeyIndex, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis

    from app.cache.base import FeedCache, KeyIndex


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    opened = connect(redis_url)
    yield opened
    opened.close()


@pytest.fixture(params=["memory", "redis"])
def cache(request: pytest.FixtureRequest) -> FeedCache:
    if request.param == "memory":
        return MemoryFeedCache()
    return RedisFeedCache(request.getfixturevalue("client"))


@pytest.fixture(params=["memory", "redis"])
def index(request: pytest.FixtureRequest) -> KeyIndex:
    if request.param == "memory":
        return MemoryKeyIndex()
    return RedisKeyIndex(request.getfixturevalue("client"))
