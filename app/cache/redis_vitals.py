"""What Redis tells of the service's life: the last tick, whether it takes writes, the queues."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar, cast

from redis.exceptions import RedisError, ResponseError

from app.domain.errors import CacheUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from redis import Redis

T = TypeVar("T")

_TICK = "newsreel:tick"
_TICK_SECONDS = 7 * 86_400
"""For so long it is told how long ago the last one was."""

_PROBE = "newsreel:probe"
_PROBE_SECONDS = 60


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
        _told(lambda: self._client.set(_TICK, milliseconds, ex=_TICK_SECONDS))

    def last(self) -> datetime | None:
        """Return when the last one was; None if that is unknown, or written by somebody else.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        told = _told(lambda: self._client.get(_TICK))
        try:
            return datetime.fromtimestamp(int(cast("bytes", told)) / 1000, UTC)
        except (TypeError, ValueError, OverflowError, OSError):
            return None


class RedisVitals:
    """Tries the server that keeps the pages."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def try_write(self) -> None:
        """Write one key that lives for a minute.

        Raises:
            CacheUnavailableError: Redis does not answer, or takes no writes.
        """
        _told(lambda: self._client.set(_PROBE, 1, ex=_PROBE_SECONDS))


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
        return {name: _told(lambda name=name: self._length(name)) for name in self._names}  # type: ignore[misc]  # a default, to bind it now

    def _length(self, name: str) -> int:
        try:
            return self._client.llen(name)
        except ResponseError as error:
            if str(error).startswith("WRONGTYPE"):
                return 0
            raise


def _told(command: Callable[[], T]) -> T:
    try:
        return command()
    except (RedisError, OSError) as error:
        raise CacheUnavailableError(f"Redis: {type(error).__name__}") from None
