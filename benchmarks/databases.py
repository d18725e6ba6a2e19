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
    from collections.abc import Callable, Iterator
    from contextlib import ExitStack


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
def mariadb(stack: ExitStack, url: str | None) -> Iterator[Place]:
    """Fresh databases on the server of `url`, or on a throwaway one; all are dropped."""
    if url is not None:
        yield Place("MariaDB", lambda: stack.enter_context(_created_on(url)))
        return
    with running(MariaDB) as server:
        pid = int((Path(server.folder) / "pid").read_text())
        yield Place("MariaDB", lambda: stack.enter_context(server.fresh_database()), pid)


@contextmanager
def postgresql(stack: ExitStack) -> Iterator[Place]:
    """Fresh databases on a throwaway server; all are dropped."""
    with running(PostgreSQL) as server:
        pid = int((Path(server.folder) / "data" / "postmaster.pid").read_text().split()[0])
        yield Place("PostgreSQL", lambda: stack.enter_context(server.fresh_database()), pid)


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
