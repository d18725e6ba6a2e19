"""The cache in Redis: shared by every web and worker process.

A head is a hash of its version and its bytes, written by a script that compares the versions
first, so a slow writer never puts an older page over a newer one. Its key holds the name of the
site, so that two databases may share a Redis. A process that has not read that name yet (its
database is away) goes by the site that published, if there is only one: it serves nothing of
another's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionLostError
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from app.cache.base import HEAD_TTL_SECONDS
from app.cache.wire import dump_head, load_head
from app.domain.errors import CacheUnavailableError, CacheWriteFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.domain.feeds import Feed, Head

T = TypeVar("T")

_PREFIX = "newsreel:"
_SITE = f"{_PREFIX}site"
_PUT = """
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
local present = tonumber(redis.call('HGET', KEYS[1], 'version') or '')
if present and present > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'head', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
if ARGV[4] == '' then return 1 end
local site = redis.call('TYPE', KEYS[2]).ok == 'string' and redis.call('GET', KEYS[2])
if not site or site == ARGV[4] then
  redis.call('SET', KEYS[2], ARGV[4], 'EX', ARGV[3])
elseif site ~= '' then
  redis.call('SET', KEYS[2], '', 'EX', ARGV[3])
end
return 1
"""


def connect(url: str) -> Redis:
    """Make a client; it connects when it is first used.

    Replies are bytes. A command gives up after a second: readers have the database to fall back
    on, and for so long they may go on with the page they have. One whose connection is lost on the
    way is sent again, once, which every command here can bear.
    """
    return Redis.from_url(
        url,
        retry=Retry(NoBackoff(), retries=1, supported_errors=(ConnectionLostError,)),
        socket_timeout=1,
        socket_connect_timeout=1,
        health_check_interval=25,
    )


class HeadNames:
    """What heads are called: by the site whose they are, so that several may share a Redis.

    The site is the database's name for itself; until that is read, it is the only one that
    published. That several did lately is told by an empty name, under which there is nothing.
    """

    def __init__(self) -> None:
        self.site: str | None = None

    def of(self, client: Redis, feed: Feed) -> str:
        """Return the key of a feed's head.

        Raises:
            CacheUnavailableError: Redis was asked for the site and does not answer.
        """
        site = self.site
        if site is None:
            published = told(lambda: client.get(_SITE))
            site = published.decode() if isinstance(published, bytes) else ""
        return f"{_PREFIX}{site}:head:{feed.name}" if site else f"{_PREFIX}head:{feed.name}"


class RedisFeedCache:
    """Heads in Redis; replicas of it are read by `redis_replica`.

    Args:
        client: of the server.
        names: of the keys; share them with what reads the same heads elsewhere.
    """

    def __init__(self, client: Redis, names: HeadNames | None = None) -> None:
        self._client = client
        self._names = names or HeadNames()
        self._put = client.register_script(_PUT)

    def learn_site(self, site: str) -> None:
        """Take over the name of the database whose heads these are."""
        self._names.site = site

    def get(self, feed: Feed) -> Head | None:
        """Return the head of a feed; one that cannot be read counts as absent.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        data = _field(self._client, self._names.of(self._client, feed), "head")
        try:
            return None if data is None else load_head(data)
        except ValueError:
            return None

    def put(self, feed: Feed, head: Head) -> bool:
        """Store a head unless a newer version is there.

        Raises:
            CacheUnavailableError: Redis does not answer, or takes no writes.
        """
        return self._write(feed, head)

    def drop(self, feed: Feed) -> None:
        """Forget the head of a feed that is no more.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        name = self._names.of(self._client, feed)
        told(lambda: self._client.delete(name), writes=True)

    def version(self, feed: Feed) -> int | None:
        """Return the version of the head that is there; garbage counts as absent.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        return version_of(_field(self._client, self._names.of(self._client, feed), "version"))

    def check_writes(self) -> None:
        """Write a key of no use, which goes by itself.

        Raises:
            CacheWriteFailedError: Redis is full or read-only.
            CacheUnavailableError: Redis does not answer.
        """
        told(lambda: self._client.set(f"{_PREFIX}write-check", b"1", ex=60), writes=True)

    def _write(self, feed: Feed, head: Head) -> bool:
        keys = [self._names.of(self._client, feed), _SITE]
        site = self._names.site or ""
        arguments: list[int | bytes | str] = [
            *(head.version, dump_head(head)),
            *(HEAD_TTL_SECONDS, site),
        ]
        stored: object = told(lambda: self._put(keys=keys, args=arguments), writes=True)
        return stored == 1


class RedisKeyIndex:
    """An INCR in Redis, shared by all workers."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def next(self) -> int:
        """Return the next number.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        return int(told(lambda: self._client.incr(f"{_PREFIX}key-index")))


def _field(client: Redis, name: str, field: str) -> bytes | None:
    def read() -> object:
        try:
            return client.hget(name, field)
        except ResponseError as error:
            if str(error).startswith("WRONGTYPE"):
                return None
            raise

    value = told(read)
    return value if isinstance(value, bytes) else None


def version_of(field: object) -> int | None:
    """Read the field of a head's version; garbage counts as absent."""
    return int(field) if isinstance(field, bytes) and field.isdigit() else None


def told(command: Callable[[], T], *, writes: bool = False) -> T:
    """Run a command.

    Raises:
        CacheWriteFailedError: Redis answers a command that `writes` and does not do it.
        CacheUnavailableError: Redis does not answer.
    """
    try:
        return command()
    except ResponseError as error:  # an answer: out of memory, read-only, no permission
        kind = CacheWriteFailedError if writes else CacheUnavailableError
        raise kind(f"Redis: {type(error).__name__}: {str(error)[:200]}") from None
    except (RedisError, OSError) as error:
        raise CacheUnavailableError(f"Redis: {type(error).__name__}") from None
