"""Empty databases to measure on, on servers of their own or on one that is named."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, make_url

from tests.servers.mariadb import MariaDB
from tests.servers.postgresql import PostgreSQL
from tests.servers.server import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import ExitStack


MARIADB_MEMORY = (
    "SET GLOBAL innodb_buffer_pool_size = 2147483648",
    "SET GLOBAL innodb_log_file_size = 536870912",
)
_STATISTICS = {
    "mysql": "ANALYZE TABLE videos, video_texts, watch_videos, "
    "hour_counts, day_counts, channel_counts",
    "postgresql": "VACUUM ANALYZE",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A kind of database; `server_pid` is None where no process of ours serves it."""

    name: str
    new_url: Callable[[], str]
    server_pid: int | None = None


@contextmanager
def sqlite() -> Iterator[Place]:
    """Files in a temporary folder."""
    with TemporaryDirectory(prefix="newsreel-") as folder:
        yield Place("SQLite", lambda: f"sqlite:///{folder}/{uuid.uuid4().hex}.db")


@contextmanager
def mariadb(stack: ExitStack, url: str | None, *, settings: Iterable[str] = ()) -> Iterator[Place]:
    """Fresh databases on the server of `url`, or on a throwaway one; all are dropped.

    Args:
        stack: drops them.
        url: of a server.
        settings: statements that a throwaway one begins with.
    """
    if url is not None:
        yield Place("MariaDB", lambda: stack.enter_context(_created_on(url)))
        return
    with running(MariaDB) as server:
        for statement in settings:
            server.execute(statement)
        pid = int((Path(server.folder) / "pid").read_text())
        yield Place("MariaDB", lambda: stack.enter_context(server.fresh_database()), pid)


@contextmanager
def postgresql(stack: ExitStack) -> Iterator[Place]:
    """Fresh databases on a throwaway server; all are dropped."""
    with running(PostgreSQL) as server:
        pid = int((Path(server.folder) / "data" / "postmaster.pid").read_text().split()[0])
        yield Place("PostgreSQL", lambda: stack.enter_context(server.fresh_database()), pid)


def renew_statistics(url: str) -> None:
    """Do what a server does by itself within minutes of a great change."""
    statement = _STATISTICS.get(make_url(url).get_backend_name())
    if statement is None:
        return
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


@contextmanager
def _created_on(url: str) -> Iterator[str]:
    name = f"newsreel_{uuid.uuid4().hex}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    try:
        yield make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}")
        engine.dispose()
