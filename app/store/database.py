"""Connections and transactions: engines per database, whole transactions retried, errors told.

Writes run READ COMMITTED (SQLite: BEGIN IMMEDIATE); reads see one consistent snapshot. Nothing is
opened before the first transaction, so a process starts while its database is away.
"""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.domain.errors import NotMigratedError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import URL
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

T = TypeVar("T")

ATTEMPTS = 5
_CONNECT_SECONDS = 3
_STATEMENT_SECONDS = 10
_LOCK_SECONDS = (
    5  # less than a statement has, so that MySQL ends the wait and not we the connection
)
_SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "temp_store=MEMORY",  # a savepoint's undo log is small and need not be a file
    f"mmap_size={2**31 - 2**16}",  # a page read without a call: full text looks at thousands
    f"busy_timeout={_STATEMENT_SECONDS * 1000}",
)
_MYSQL_RETRY = frozenset({1205, 1213, 2006, 2013})  # lock wait, deadlock, server gone or lost
_MYSQL_NO_TABLE = 1146
_POSTGRESQL_NO_TABLE = "42P01"
_POSTGRESQL_RETRY = frozenset({"40001", "40P01"})  # serialisation failure, deadlock


class Database:
    """One database, by URL. Cheap to make; share one per process.

    Args:
        url: `sqlite:///path`, `mysql+pymysql://...` or `postgresql+psycopg://...`.
        pool_size: connections kept for each of reading and writing.
    """

    def __init__(self, url: str, pool_size: int = 5) -> None:
        self._url = make_url(url)
        self.dialect = self._url.get_backend_name()
        self._writer = _engine(self._url, pool_size, isolation="READ COMMITTED", begin="IMMEDIATE")
        self._reader = _engine(self._url, pool_size, isolation="REPEATABLE READ", begin="DEFERRED")

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a write transaction and commit; run it again after a deadlock.

        Raises:
            StoreUnavailableError: the database cannot be reached, or five attempts collided.
        """
        return _attempt(lambda: self._run(self._writer, work))

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` over one consistent snapshot.

        Raises:
            StoreUnavailableError: the database cannot be reached.
        """
        return _attempt(lambda: self._run(self._reader, work))

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Give a bare connection in a transaction.

        Raises:
            StoreUnavailableError: the database cannot be reached.
        """
        with _begun(self._writer) as connection:
            yield connection

    @contextmanager
    def patient_connection(self) -> Iterator[Connection]:
        """Give one whose statements may take as long as they need, for migrations.

        Raises:
            StoreUnavailableError: the database cannot be reached.
        """
        engine = _engine(
            self._url, 1, isolation="READ COMMITTED", begin="IMMEDIATE", statement_seconds=None
        )
        try:
            with _begun(engine) as connection:
                yield connection
        finally:
            engine.dispose()

    def dispose(self) -> None:
        """Let go of the pool."""
        self._writer.dispose()
        self._reader.dispose()

    @staticmethod
    def _run(engine: Engine, work: Callable[[Connection], T]) -> T:
        with engine.begin() as connection:
            return work(connection)


@contextmanager
def _begun(engine: Engine) -> Iterator[Connection]:
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        if not _is_absence(error):
            raise
        raise _told(error) from None


def _engine(
    url: URL,
    pool_size: int,
    *,
    isolation: str,
    begin: str,
    statement_seconds: int | None = _STATEMENT_SECONDS,
) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, pool_size, begin)
    url, connect = _connect_arguments(url, statement_seconds)
    return create_engine(
        url,
        connect_args=connect,
        isolation_level=isolation,
        pool_size=pool_size,
        pool_timeout=_CONNECT_SECONDS,
        pool_pre_ping=True,
        pool_recycle=1800,
    )


def _connect_arguments(url: URL, statement_seconds: int | None) -> tuple[URL, dict[str, object]]:
    if url.get_backend_name() == "postgresql":
        options = f"-c timezone=UTC -c statement_timeout={(statement_seconds or 0) * 1000}"
        return url, {"connect_timeout": _CONNECT_SECONDS, "options": options}
    session = (
        "sql_mode='STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
        "time_zone='+00:00'",
        f"innodb_lock_wait_timeout={_LOCK_SECONDS}",
    )
    return url.update_query_dict({"charset": "utf8mb4"}), {
        "connect_timeout": _CONNECT_SECONDS,
        "read_timeout": statement_seconds,
        "write_timeout": statement_seconds,
        "init_command": f"SET SESSION {', '.join(session)}",
    }


def _sqlite_engine(url: URL, pool_size: int, begin: str) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
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


def is_row_trouble(error: DBAPIError) -> bool:
    """Tell whether the statement's data is at fault, rather than the server, its disk or a lock."""
    return isinstance(error, DataError | IntegrityError)


def _attempt(run: Callable[[], T]) -> T:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return run()
        except PoolTimeoutError:
            raise StoreUnavailableError("no free database connection in time") from None
        except DBAPIError as error:
            if not (_is_transient(error) or _is_absence(error)):
                raise
            if attempt == ATTEMPTS or not _is_transient(error):
                raise _told(error) from None
        time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter, not a secret
    raise AssertionError("the last attempt returns or raises")


def _is_transient(error: DBAPIError) -> bool:
    cause = error.orig
    if _took_too_long(cause):
        return False
    if error.connection_invalidated or getattr(cause, "sqlstate", None) in _POSTGRESQL_RETRY:
        return True
    return _error_number(cause) in _MYSQL_RETRY


def _took_too_long(cause: BaseException | None) -> bool:
    """Tell whether MySQL was given up on: asking again would take as long again."""
    return "timed out" in str(cause)


def _is_absence(error: DBAPIError) -> bool:
    """Tell whether there is no usable database: away, full, locked, broken, not migrated yet."""
    broken_file = type(error.orig) is sqlite3.DatabaseError  # its subclasses mean other things
    known = isinstance(error, OperationalError | InterfaceError)
    return known or broken_file or _lacks_table(error)


def _lacks_table(error: DBAPIError) -> bool:
    cause = error.orig
    if isinstance(cause, sqlite3.OperationalError):
        return str(cause).startswith("no such table")
    state = getattr(cause, "sqlstate", None)
    return state == _POSTGRESQL_NO_TABLE or _error_number(cause) == _MYSQL_NO_TABLE


def _error_number(cause: BaseException | None) -> object:
    return cause.args[0] if cause is not None and cause.args else None


def _told(error: DBAPIError) -> StoreUnavailableError:
    """Return the error in our own words for everybody and in the driver's for the log."""
    first_line = str(error.orig).partition("\n")[0][:200]
    kind = NotMigratedError if _lacks_table(error) else StoreUnavailableError
    return kind(f"{type(error.orig).__name__}: {first_line or 'no detail'}")
