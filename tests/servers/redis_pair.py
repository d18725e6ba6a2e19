"""A Redis and a replica of it, on a line that can be held."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from redis import Redis as Client
from redis.exceptions import RedisError

from tests.line import Line
from tests.servers.redis import Redis
from tests.servers.server import HOST, running
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator


class RedisPair:
    """A master and its replica; what they are told stands in their clients."""

    def __init__(self, master: Redis, replica: Redis, between: Line) -> None:
        self.master, self.replica, self.between = master, replica, between
        self.of_master = Client.from_url(master.url, socket_timeout=5)
        self.of_replica = Client.from_url(replica.url, socket_timeout=5)

    def follow(self) -> None:
        """Let the replica follow the master anew, over the line, with all that is there."""
        self.between.release()
        # Without the wait for more replicas, and heard of each second however little is written.
        self.of_master.config_set("repl-diskless-sync-delay", 0)
        self.of_master.config_set("repl-ping-replica-period", 1)
        self.of_replica.replicaof(HOST, str(self.between.port))
        self.wait_until_level()

    def promote(self) -> None:
        """Make the replica a master of its own."""
        self.of_replica.replicaof("NO", "ONE")

    def wait_until_level(self) -> None:
        """Return when the replica has all that the master has."""
        wait_until(self._is_level, 20, claim="the replica has caught up")

    def _is_level(self) -> bool:
        try:
            mine = self.of_replica.info("replication")
        except RedisError:
            return False
        master = self.of_master.info("replication")
        return bool(
            mine.get("master_link_status") == "up"
            and mine["master_replid"] == master["master_replid"]
            and mine["slave_repl_offset"] >= master["master_repl_offset"]
        )

    def reads_of_heads(self) -> tuple[int, int]:
        """How many fields of hashes master and replica have been asked for."""
        told = (client.info("commandstats") for client in (self.of_master, self.of_replica))
        master, replica = (it.get("cmdstat_hget", {"calls": 0})["calls"] for it in told)
        return master, replica


@contextmanager
def running_pair() -> Iterator[RedisPair]:
    """A pair whose replica follows."""
    with ExitStack() as stack:
        master, replica = (stack.enter_context(running(Redis)) for _ in range(2))
        between = stack.enter_context(closing(Line(master.port)))
        pair = RedisPair(master, replica, between)
        stack.enter_context(closing(pair.of_master))
        stack.enter_context(closing(pair.of_replica))
        pair.follow()
        yield pair
