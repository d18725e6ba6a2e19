"""Engines: how each database is connected to, for writing and for reading."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, event

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine
    from sqlalchemy.engine import URL
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

_CONNECT_SECONDS = 3
_BUSY_SECONDS = 10  # for which SQLite waits for its one writer
_LOCK_SECONDS = 5
"""Less than a statement has, so that MySQL ends the wait and not we the connection."""

_SQLITE_STEPS = 10_000  # of its machine, between two looks at the time: less than a millisecond
_SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "temp_store=MEMORY",  # a savepoint's undo log is small and need not be a file
    f"mmap_size={2**31 - 2**16}",  # a page read without a call: full text looks at thousands
    f"busy_timeout={_BUSY_SECONDS * 1000}",
)


def writing_engine(url: URL, pool_size: int, statement_seconds: float | None) -> Engine:
    """Return the engine of transactions that write; None: statements take what they need."""
    if url.get_backend_name() == "sqlite":
        engine = _sqlite_engine(url, pool_size, "IMMEDIATE")
        if statement_seconds is not None:
            event.listen(engine, "before_cursor_execute", _sqlite_limit(statement_seconds))
        return engine
    return _server_engine(url, pool_size, "READ COMMITTED", statement_seconds)


def reading_engine(url: URL, pool_size: int, read_seconds: float | None) -> Engine:
    """Return the engine of transactions that read one snapshot, and not for long but by None."""
    if url.get_backend_name() == "sqlite":
        engine = _sqlite_engine(url, pool_size, "DEFERRED")
        if read_seconds is not None:
            event.listen(engine, "begin", _sqlite_limit(read_seconds))
        return engine
    return _server_engine(url, pool_size, "REPEATABLE READ", read_seconds)


def _server_engine(
    url: URL, pool_size: int, isolation: str, statement_seconds: float | None
) -> Engine:
    url, connect = _connect_arguments(url, statement_seconds)
    engine = create_engine(
        url,
        connect_args=connect,
        isolation_level=isolation,
        pool_size=pool_size,
        pool_timeout=_CONNECT_SECONDS,
        pool_pre_ping=True,
        pool_recycle=1800,
    )
    if url.get_backend_name() == "mysql" and statement_seconds is not None:
        event.listen(engine, "connect", _mysql_limit(statement_seconds))
    return engine


def _connect_arguments(url: URL, statement_seconds: float | None) -> tuple[URL, dict[str, object]]:
    if url.get_backend_name() == "postgresql":
        options = f"-c timezone=UTC -c statement_timeout={int((statement_seconds or 0) * 1000)}"
        return url, {"connect_timeout": _CONNECT_SECONDS, "options": options}
    session = (
        "sql_mode='STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
        "time_zone='+00:00'",
        f"innodb_lock_wait_timeout={_LOCK_SECONDS}",
    )
    # The server ends a statement first; this is for one that says nothing any more.
    silence_seconds = None if statement_seconds is None else statement_seconds + 1
    return url.update_query_dict({"charset": "utf8mb4"}), {
        "connect_timeout": _CONNECT_SECONDS,
        "read_timeout": silence_seconds,
        "write_timeout": silence_seconds,
        "init_command": f"SET SESSION {', '.join(session)}",
    }


def _mysql_limit(seconds: float) -> Callable[[DBAPIConnection, ConnectionPoolEntry], None]:
    """MariaDB counts in seconds and MySQL in milliseconds, each under a name of its own.

    MySQL ends reading statements alone; a writing one ends with its silence, a second later.
    """

    def on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("SELECT version()")
        (version,) = cursor.fetchone() or ("",)
        if "mariadb" in str(version).lower():
            cursor.execute(f"SET SESSION max_statement_time={seconds}")
        else:
            cursor.execute(f"SET SESSION max_execution_time={int(seconds * 1000)}")
        cursor.close()

    return on_connect


def _sqlite_limit(seconds: float) -> Callable[..., None]:
    """SQLite asks us, now and then, whether to go on; the time runs from the event on."""

    def limit(connection: Connection, *_event: object) -> None:
        raw = connection.connection.dbapi_connection
        if not isinstance(raw, sqlite3.Connection):
            raise TypeError("only the driver of the standard library is used")
        ends_at = time.monotonic() + seconds
        raw.set_progress_handler(lambda: time.monotonic() > ends_at, _SQLITE_STEPS)

    return limit


def _sqlite_engine(url: URL, pool_size: int, begin: str) -> Engine:
    if url.database:
        # For its owner: the secrets of webhooks are among what it holds.
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(url, pool_size=pool_size, pool_timeout=_CONNECT_SECONDS)

    def on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        for pragma in _SQLITE_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {begin}")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine
