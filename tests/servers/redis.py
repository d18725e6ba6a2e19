"""A throwaway Redis. It saves nothing: after a restart it is empty."""

from collections.abc import Sequence

from redis import Redis as Client
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.servers.programs import get_program
from tests.servers.server import HOST, Server


class Redis(Server):
    """Evicts like the production one: only keys that carry a time to live."""

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

    def command(self) -> Sequence[str]:
        return (
            *(str(get_program("redis-server")), "--bind", HOST, "--port", str(self.port)),
            *("--save", "", "--appendonly", "no", "--dir", str(self.folder)),
            *("--maxmemory", "64mb", "--maxmemory-policy", "volatile-lru"),
        )

    def answers(self) -> bool:
        try:
            with Client.from_url(self.url, socket_timeout=1) as client:
                return bool(client.ping())
        except RedisConnectionError:
            return False

    def empty(self) -> None:
        """Forgets every key of every database."""
        with Client.from_url(self.url) as client:
            client.flushall()
