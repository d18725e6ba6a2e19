"""Token buckets in Redis: shared by all processes, judged by Redis' own clock.

One script, one round trip. A bucket is the instant at which it will be full, in microseconds; its
key goes a second later, since a full bucket is as good as none. A refusal is written, too: where
the clock was put back, the bucket is then at worst empty, and fills from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from redis.exceptions import RedisError

from app.domain.errors import CacheUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from redis import Redis

_PREFIX = "newsreel:bucket:"
_TAKE = """
local cost, limit, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local full_at = tonumber(redis.call('GET', KEYS[1]) or '') or now
local backlog = math.min(math.max(full_at - now, 0), limit)
local allowed = 0
if backlog + cost <= limit then allowed, backlog = 1, backlog + cost end
local life = math.ceil(backlog / 1000) + 1000
redis.call('SET', KEYS[1], string.format('%.0f', now + backlog), 'PX', life)
return {allowed, backlog}
"""


class RedisBuckets:
    """Buckets by name.

    Args:
        client: of Redis.
        clock: microseconds since 1970, in the place of Redis' own.
    """

    def __init__(self, client: Redis, clock: Callable[[], int] | None = None) -> None:
        self._script = client.register_script(_TAKE)
        self._clock = clock

    def take(self, name: str, cost: int, limit: int) -> tuple[bool, int]:
        """Take from a bucket, if there is enough in it; one that is not known is full.

        Args:
            name: of the bucket.
            cost: the time in which so much flows back; this and all others in microseconds.
            limit: the time in which it fills from empty.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        now = "" if self._clock is None else self._clock()
        try:
            told: object = self._script(keys=[f"{_PREFIX}{name}"], args=[cost, limit, now])
        except (RedisError, OSError) as error:
            raise CacheUnavailableError(f"Redis: {type(error).__name__}") from None
        allowed, backlog = cast("Sequence[int]", told)
        return allowed == 1, backlog
