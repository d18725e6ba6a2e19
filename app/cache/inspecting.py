"""What a Redis says of itself and of a queue in it, for people who look for what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from redis.exceptions import RedisError, ResponseError

from app.cache.redis import connect
from app.domain.errors import CacheUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis import Redis

_QUEUES = ("tick", "fetch")


@dataclass(frozen=True, slots=True)
class RedisFacts:
    """A Redis as it describes itself.

    Args:
        version: major and minor number.
        evicts: what it drops when it is full, in its own word.
        now: its clock.
        waiting: messages in each queue.
        workers: Celery's workers that listen to it now; None where it does not say.
    """

    version: tuple[int, int]
    evicts: str
    now: datetime
    waiting: Mapping[str, int]
    workers: int | None


def inspect_redis(url: str) -> RedisFacts:
    """Ask a Redis about itself.

    Raises:
        CacheUnavailableError: it does not answer.
    """
    client = connect(url)
    try:
        return _ask(client, urlsplit(url).path.strip("/") or "0")
    except (RedisError, OSError) as error:
        raise CacheUnavailableError(f"{type(error).__name__}: {str(error)[:200]}") from None
    finally:
        client.close()


def _ask(client: Redis, database: str) -> RedisFacts:
    server, memory = client.info("server"), client.info("memory")
    seconds, microseconds = client.time()
    major, minor, *_ = [*str(server["redis_version"]).split("."), "0"]
    return RedisFacts(
        (int(major), int(minor)),
        str(memory.get("maxmemory_policy", "")),
        datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds),
        {queue: int(client.llen(queue)) for queue in _QUEUES},
        _listening(client, database),
    )


def _listening(client: Redis, database: str) -> int | None:
    """Count Celery's workers: each has one connection on which it listens for commands to all."""
    try:
        clients = client.client_list(_type="pubsub")
    except ResponseError:  # where Redis is rented, this may be refused
        return None
    return sum(it.get("psub") != "0" and it.get("db") == database for it in clients)
