"""A migrated database of each kind, made once per module and wiped before each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.store.database import Database
from app.store.store import Store
from tests.contract.store.tellings import wipe
from tests.servers.database import DatabaseServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.mariadb import MariaDB
    from tests.servers.postgresql import PostgreSQL

KINDS = ("sqlite", "mariadb", "postgresql")


@pytest.fixture(scope="module", params=KINDS)
def module_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of a database of each kind in turn, for all tests of a module."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('store')}/newsreel.db"
        return
    server = request.getfixturevalue(request.param)
    assert isinstance(server, DatabaseServer)
    with server.fresh_database() as url:
        yield url


@pytest.fixture(scope="module")
def migrated_database(module_url: str) -> Iterator[Database]:
    database = Database(module_url, pool_size=10)
    Store(database).migrate()
    yield database
    database.dispose()


@pytest.fixture
def database(migrated_database: Database) -> Database:
    """A migrated database without rows, of each kind in turn."""
    wipe(migrated_database)
    return migrated_database


@pytest.fixture
def store(database: Database) -> Store:
    """A store without rows, on each kind of database in turn."""
    return Store(database)


@pytest.fixture(scope="module")
def databases(
    tmp_path_factory: pytest.TempPathFactory, mariadb: MariaDB, postgresql: PostgreSQL
) -> Iterator[list[Database]]:
    """A migrated database of every kind at once, for what must be the same on all of them."""
    sqlite_url = f"sqlite:///{tmp_path_factory.mktemp('stores')}/newsreel.db"
    with mariadb.fresh_database() as mariadb_url, postgresql.fresh_database() as postgresql_url:
        opened = [Database(url) for url in (sqlite_url, mariadb_url, postgresql_url)]
        for database in opened:
            Store(database).migrate()
        yield opened
        for database in opened:
            database.dispose()


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    """A store on SQLite alone, for what can only happen there."""
    yield from _migrated(sqlite_url)


@pytest.fixture
def mariadb_store(mariadb_url: str) -> Iterator[Store]:
    """A store on MariaDB alone."""
    yield from _migrated(mariadb_url)


@pytest.fixture
def postgresql_store(postgresql_url: str) -> Iterator[Store]:
    """A store on PostgreSQL alone."""
    yield from _migrated(postgresql_url)


def _migrated(url: str) -> Iterator[Store]:
    store = Store(Database(url, pool_size=10))
    store.migrate()
    yield store
    store.dispose()
