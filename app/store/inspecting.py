"""What a database server says of itself, for people who look for what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from sqlalchemy import text

from app.store.revisions import revision_of, tables_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from app.store.database import Database

_NUMBERS = re.compile(r"(\d+)\.(\d+)")
# Keys compare byte for byte, in whatever order a database sorts by itself.
_MYSQL_TEXTS = """
SELECT concat(table_name, '.', column_name) FROM information_schema.columns
WHERE table_schema = database() AND table_name <> 'alembic_version'
AND (character_set_name NOT IN ('utf8mb4', 'ascii') OR collation_name NOT LIKE '%\\_bin')
"""
_POSTGRESQL_TEXTS = """
SELECT table_name || '.' || column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name <> 'alembic_version'
AND data_type = 'character varying' AND collation_name IS DISTINCT FROM 'C'
"""


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """A database as it describes itself.

    Args:
        product: SQLite, MySQL, MariaDB or PostgreSQL.
        version: major and minor number.
        charset: of the database, in its own word.
        odd_columns: texts of ours that do not compare byte for byte, or lack characters.
        now: its clock; None where it has none of its own.
        revision: which migration it has come to; None if it has come to none.
    """

    product: str
    version: tuple[int, int]
    charset: str
    odd_columns: Sequence[str]
    now: datetime | None
    revision: str | None


def inspect_database(database: Database) -> DatabaseFacts:
    """Ask a database, or its replica, about itself.

    Raises:
        StoreUnavailableError: it does not answer.
    """
    asks = {"sqlite": _ask_sqlite, "mysql": _ask_mysql, "postgresql": _ask_postgresql}
    return database.read(asks[database.dialect])


def _ask_sqlite(connection: Connection) -> DatabaseFacts:
    version = _one(connection, "SELECT sqlite_version()")
    charset = _one(connection, "PRAGMA encoding")
    return DatabaseFacts("SQLite", _numbers(version), charset, (), None, _revision(connection))


def _ask_mysql(connection: Connection) -> DatabaseFacts:
    version = _one(connection, "SELECT version()")
    now = connection.execute(text("SELECT utc_timestamp(6)")).scalar_one()
    return DatabaseFacts(
        "MariaDB" if "mariadb" in version.lower() else "MySQL",
        _numbers(version),
        _one(connection, "SELECT @@character_set_database"),
        tuple(connection.execute(text(_MYSQL_TEXTS)).scalars()),
        now.replace(tzinfo=UTC),
        _revision(connection),
    )


def _ask_postgresql(connection: Connection) -> DatabaseFacts:
    return DatabaseFacts(
        "PostgreSQL",
        _numbers(_one(connection, "SHOW server_version")),
        _one(connection, "SHOW server_encoding"),
        tuple(connection.execute(text(_POSTGRESQL_TEXTS)).scalars()),
        connection.execute(text("SELECT clock_timestamp()")).scalar_one().astimezone(UTC),
        _revision(connection),
    )


def _revision(connection: Connection) -> str | None:
    return revision_of(connection) if "alembic_version" in tables_of(connection) else None


def _one(connection: Connection, query: str) -> str:
    return str(connection.execute(text(query)).scalar_one())


def _numbers(version: str) -> tuple[int, int]:
    found = _NUMBERS.search(version)
    return (int(found[1]), int(found[2])) if found else (0, 0)
