"""What Redis tells of the service's life: the last tick, and how long the queues are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from redis.exceptions import ResponseError

from app.cache.redis import told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis import Redis

_TICK = "newsreel:tick"
_TICK_SECONDS = 7 * 86_400
"""For so long it is told how long ago the last one was."""


class RedisTicks:
    """The last tick of all schedulers, in milliseconds since 1970."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def mark(self, at: datetime) -> None:
        """Note a tick.

        Raises:
            CacheUnavailableError: Redis does not answer, or takes no writes.
        """
        milliseconds = int(at.timestamp() * 1000)
        told(lambda: self._client.set(_TICK, milliseconds, ex=_TICK_SECONDS), writes=True)

    def last(self) -> datetime | None:
        """Return when the last one was; None if that is unknown, or written by somebody else.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        found = told(lambda: self._client.get(_TICK))
        try:
            return datetime.fromtimestamp(int(cast("bytes", found)) / 1000, UTC)
        except (TypeError, ValueError, OverflowError, OSError):
            return None


class RedisQueues:
    """Celery's queues: each is a list of its name.

    Args:
        client: of the server with the queues.
        names: of the queues.
    """

    def __init__(self, client: Redis, names: Sequence[str]) -> None:
        self._client = client
        self._names = names

    def lengths(self) -> dict[str, int]:
        """Return how many messages wait in each; what is no list has none.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        return {name: told(lambda name=name: self._length(name)) for name in self._names}  # type: ignore[misc]  # a default, to bind it now

    def _length(self, name: str) -> int:
        try:
            return self._client.llen(name)
        except ResponseError as error:
            if str(error).startswith("WRONGTYPE"):
                return 0
            raise
