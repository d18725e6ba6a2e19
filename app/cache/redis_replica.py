"""A Redis replica beside a web process: it is read, and says itself how it follows its master.

Its part is asked with each look, in the same transaction as the version of the head: a replica may
be promoted, cut off or given another master at any time, and says so at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from app.cache.redis import RedisFeedCache, head_key, told, version_of
from app.cache.replicas import Following, Mark
from app.domain.errors import CacheReplicaUnavailableError, CacheUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis import Redis

    from app.domain.feeds import Feed, Head


class RedisReplica:
    """Heads in a replica.

    Args:
        replica: is read.
        master: is asked how far it is.
    """

    def __init__(self, replica: Redis, master: Redis) -> None:
        self._replica = replica
        self._master = master
        self._heads = RedisFeedCache(replica)

    def look(self, feed: Feed) -> tuple[Following, int | None]:
        """Return how the replica follows, and the version of a head in the same instant.

        Raises:
            CacheReplicaUnavailableError: it does not answer.
        """
        try:
            with self._replica.pipeline(transaction=True) as asked:
                asked.info("replication")
                asked.hget(head_key(feed), "version")
                said: list[object] = asked.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            raise CacheReplicaUnavailableError(f"Redis: {type(error).__name__}") from None
        following, version = said
        if not isinstance(following, dict):
            raise CacheReplicaUnavailableError(f"Redis: {type(following).__name__}")
        return _following(following), version_of(version)

    def get(self, feed: Feed) -> Head | None:
        """Return the head of a feed that the replica has.

        Raises:
            CacheReplicaUnavailableError: it does not answer.
        """
        try:
            return self._heads.get(feed)
        except CacheUnavailableError as error:
            raise CacheReplicaUnavailableError(str(error)) from None

    def mark(self) -> Mark:
        """Return how far the master is.

        Raises:
            CacheUnavailableError: the master does not answer.
        """
        said: Mapping[str, object] = told(lambda: self._master.info("replication"))
        return Mark(str(said.get("master_replid")), _number(said, "master_repl_offset") or 0)


def _following(said: Mapping[str, object]) -> Following:
    is_up = said.get("master_link_status") == "up"
    heard = "master_last_io_seconds_ago" if is_up else "master_link_down_since_seconds"
    return Following(
        is_replica=said.get("role") == "slave",
        is_linked=is_up and not said.get("master_sync_in_progress"),
        heard_seconds=_number(said, heard),
        history=str(said.get("master_replid")),
        offset=_number(said, "slave_repl_offset") or 0,
    )


def _number(said: Mapping[str, object], name: str) -> int | None:
    """Return a figure; Redis says -1 where it has none."""
    value = said.get(name)
    return value if isinstance(value, int) and value >= 0 else None
