"""A throwaway Redis with the users that the compose stack gives its own."""

from collections.abc import Sequence
from pathlib import Path

from deploy.compose import redis_users
from tests.servers.redis import Redis
from tests.servers.server import HOST

PASSWORDS = {name: name[0] * 32 for name in (*redis_users.ROLES, redis_users.OPERATOR)}


class GuardedRedis(Redis):
    """Its `url` is the service's."""

    @property
    def url(self) -> str:
        return self.url_of(redis_users.SERVICE)

    def url_of(self, user: str) -> str:
        return f"redis://{user}:{PASSWORDS[user]}@{HOST}:{self.port}/0"

    def initialise(self) -> None:
        self._configuration.write_text(redis_users.configuration(PASSWORDS, [0]))

    def command(self) -> Sequence[str]:
        program, *options = super().command()
        return (program, str(self._configuration), *options)

    @property
    def _configuration(self) -> Path:
        return self.folder / "redis.conf"
