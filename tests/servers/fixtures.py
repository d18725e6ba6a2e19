"""The fixtures over throwaway servers. A server starts when the first test asks for it.

Each pytest worker has servers of its own, so what one test does to a server hurts no other worker.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.mariadb import MariaDB
from tests.servers.postgresql import PostgreSQL
from tests.servers.redis import Redis
from tests.servers.server import running


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """The shared MariaDB: take `mariadb_url`, or `fresh_database()` in a wider fixture."""
    with running(MariaDB) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """The shared PostgreSQL: take `postgresql_url`, or `fresh_database()` in a wider fixture."""
    with running(PostgreSQL) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """The shared Redis: take `redis_url`."""
    with running(Redis) as server:
        yield server


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path}/newsreel.db"


@pytest.fixture
def mariadb_url(mariadb: MariaDB) -> Iterator[str]:
    """The URL of a fresh, empty MariaDB database."""
    with mariadb.fresh_database() as url:
        yield url


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> Iterator[str]:
    """The URL of a fresh, empty PostgreSQL database."""
    with postgresql.fresh_database() as url:
        yield url


@pytest.fixture(params=["sqlite", "mariadb", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, empty database of each kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def redis_url(redis_server: Redis) -> str:
    """The URL of an empty Redis."""
    redis_server.empty()
    return redis_server.url


@pytest.fixture
def own_mariadb() -> Iterator[MariaDB]:
    """A MariaDB for this test alone, to stop(), kill() and start() at will."""
    with running(MariaDB) as server:
        yield server


@pytest.fixture
def own_postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL for this test alone, to stop(), kill() and start() at will."""
    with running(PostgreSQL) as server:
        yield server


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """A Redis for this test alone, to stop(), kill() and start() at will."""
    with running(Redis) as server:
        yield server
