"""A migrated database of each kind, made once per process and wiped before each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.store.database import Database
from app.store.store import Store
from tests.contract.store.tellings import wipe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.mariadb import MariaDB
    from tests.servers.postgresql import PostgreSQL

KINDS = ("sqlite", "mariadb", "postgresql")


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    yield from _migrated(f"sqlite:///{tmp_path_factory.mktemp('store')}/newsreel.db")


@pytest.fixture(scope="session")
def migrated_mariadb(mariadb: MariaDB) -> Iterator[Database]:
    with mariadb.fresh_database() as url:
        yield from _migrated(url)


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: PostgreSQL) -> Iterator[Database]:
    with postgresql.fresh_database() as url:
        yield from _migrated(url)


@pytest.fixture(scope="module", params=KINDS)
def migrated_database(request: pytest.FixtureRequest) -> Database:
    """A migrated database of each kind in turn, with whatever was left in it."""
    database: Database = request.getfixturevalue(f"migrated_{request.param}")
    return database


@pytest.fixture(scope="module")
def module_url(migrated_database: Database) -> str:
    """Its URL, for what opens it by itself."""
    return migrated_database._url.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def databases(
    migrated_sqlite: Database, migrated_mariadb: Database, migrated_postgresql: Database
) -> list[Database]:
    """Every kind at once, for what must be the same on all of them; a test wipes them itself."""
    return [migrated_sqlite, migrated_mariadb, migrated_postgresql]


@pytest.fixture
def database(migrated_database: Database) -> Database:
    """A migrated database without rows, of each kind in turn."""
    wipe(migrated_database)
    return migrated_database


@pytest.fixture
def store(database: Database) -> Store:
    """A store without rows, on each kind of database in turn."""
    return Store(database)


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    """A store on SQLite alone, for what can only happen there."""
    yield from map(Store, _migrated(sqlite_url))


@pytest.fixture
def mariadb_store(mariadb_url: str) -> Iterator[Store]:
    """A store on MariaDB alone."""
    yield from map(Store, _migrated(mariadb_url))


@pytest.fixture
def postgresql_store(postgresql_url: str) -> Iterator[Store]:
    """A store on PostgreSQL alone."""
    yield from map(Store, _migrated(postgresql_url))


def _migrated(url: str) -> Iterator[Database]:
    database = Database(url, pool_size=10)
    Store(database).migrate()
    yield database
    database.dispose()
