"""Connections and transactions: engines per database, whole transactions retried, errors told.

Writes run READ COMMITTED (SQLite: BEGIN IMMEDIATE); reads see one consistent snapshot. Nothing is
opened before the first transaction, so a process starts while its database is away.
"""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from sqlalchemy import make_url
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.domain.errors import NotMigratedError, StatementTimeoutError, StoreUnavailableError
from app.store.drafts import refuse_drafts
from app.store.engines import reading_engine, writing_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine

T = TypeVar("T")

ATTEMPTS = 5
_PATIENCE_SECONDS = 5  # what failed after that is not tried again
_MYSQL_RETRY = frozenset({1205, 1213, 2006, 2013})  # lock wait, deadlock, server gone or lost
_MYSQL_NO_TABLE = 1146
_MYSQL_TIMEOUT = frozenset({1969, 3024})  # MariaDB's and MySQL's
_POSTGRESQL_TIMEOUT = "57014"
_POSTGRESQL_NO_TABLE = "42P01"
_POSTGRESQL_RETRY = frozenset({"40001", "40P01"})  # serialisation failure, deadlock


class Observer(Protocol):
    """Is told what transactions take."""

    def transaction(self, kind: str, seconds: float, *, failed: bool) -> None:
        """Take down one that read or wrote, from asking for its connection to its end."""


class Database:
    """One database, by URL. Cheap to make; share one per process.

    Args:
        url: `sqlite:///path`, `mysql+pymysql://...` or `postgresql+psycopg://...`.
        pool_size: connections kept for each of reading and writing.
        read_seconds: after which the database ends a read: somebody waits for it, and a thread
            with him.
        write_seconds: the same for a statement of a transaction that writes.
        observer: is told of every transaction.
        takes_drafts: whether it may be one that a copy is being made into; only a copy's own may.
    """

    def __init__(
        self,
        url: str,
        pool_size: int = 5,
        read_seconds: float = 5,
        write_seconds: float = 10,
        *,
        observer: Observer | None = None,
        takes_drafts: bool = False,
    ) -> None:
        self._observer = observer
        self._url = make_url(url)
        self._takes_drafts = takes_drafts
        self.dialect = self._url.get_backend_name()
        self._writer = self._guarded(writing_engine(self._url, pool_size, write_seconds))
        self._reader = self._guarded(reading_engine(self._url, pool_size, read_seconds))

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a write transaction and commit; run it again after a deadlock.

        Raises:
            StoreUnavailableError: the database cannot be reached, or five attempts collided.
        """
        return self._observed("write", lambda: self._run(self._writer, work))

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` over one consistent snapshot.

        Raises:
            StoreUnavailableError: the database cannot be reached.
        """
        return self._observed("read", lambda: self._run(self._reader, work))

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
        with self._once(writing_engine(self._url, 1, None)) as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Give one that reads one consistent snapshot for as long as it needs.

        Raises:
            StoreUnavailableError: the database cannot be reached.
        """
        with self._once(reading_engine(self._url, 1, None)) as connection:
            yield connection

    def dispose(self) -> None:
        """Let go of the pool."""
        self._writer.dispose()
        self._reader.dispose()

    def _observed(self, kind: str, run: Callable[[], T]) -> T:
        if self._observer is None:
            return _attempt(run)
        began_at, failed = time.perf_counter(), False
        try:
            return _attempt(run)
        except StoreUnavailableError:
            failed = True
            raise
        finally:
            self._observer.transaction(kind, time.perf_counter() - began_at, failed=failed)

    @contextmanager
    def _once(self, engine: Engine) -> Iterator[Connection]:
        try:
            with _begun(self._guarded(engine)) as connection:
                yield connection
        finally:
            engine.dispose()

    def _guarded(self, engine: Engine) -> Engine:
        if not self._takes_drafts:
            refuse_drafts(engine)
        return engine

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


def is_row_trouble(error: DBAPIError) -> bool:
    """Tell whether the statement's data is at fault, rather than the server, its disk or a lock."""
    return isinstance(error, DataError | IntegrityError)


def _attempt(run: Callable[[], T]) -> T:
    gives_up_at = time.monotonic() + _PATIENCE_SECONDS
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return run()
        except PoolTimeoutError:
            raise StoreUnavailableError("no free database connection in time") from None
        except DBAPIError as error:
            if not (_is_transient(error) or _is_absence(error)):
                raise
            last = attempt == ATTEMPTS or time.monotonic() > gives_up_at
            if last or not _is_transient(error):
                raise _told(error) from None
        time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter, not a secret
    raise AssertionError("the last attempt returns or raises")


def _is_transient(error: DBAPIError) -> bool:
    cause = error.orig
    if error.connection_invalidated or getattr(cause, "sqlstate", None) in _POSTGRESQL_RETRY:
        return True
    return _error_number(cause) in _MYSQL_RETRY


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


def _took_too_long(error: DBAPIError) -> bool:
    cause = error.orig
    if isinstance(cause, sqlite3.OperationalError):
        return str(cause) == "interrupted"
    state = getattr(cause, "sqlstate", None)
    return state == _POSTGRESQL_TIMEOUT or _error_number(cause) in _MYSQL_TIMEOUT


def _error_number(cause: BaseException | None) -> object:
    return cause.args[0] if cause is not None and cause.args else None


def _told(error: DBAPIError) -> StoreUnavailableError:
    """Return the error in our own words for everybody and in the driver's for the log."""
    first_line = str(error.orig).partition("\n")[0][:200]
    kind = StoreUnavailableError
    if _lacks_table(error):
        kind = NotMigratedError
    elif _took_too_long(error):
        kind = StatementTimeoutError
    return kind(f"{type(error.orig).__name__}: {first_line or 'no detail'}")
