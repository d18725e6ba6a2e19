"""A million videos in each kind of database, on servers that hold them in memory."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from app.domain.watches import WatchKind
from app.store.database import Database
from app.store.store import Store
from benchmarks import depth_rows
from benchmarks.databases import MARIADB_MEMORY, renew_statistics
from tests.servers.mariadb import MariaDB
from tests.servers.postgresql import PostgreSQL
from tests.servers.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Loaded:
    """A database with its rows; `server_pid` is of the process that answers our connection."""

    name: str
    url: str
    database: Database
    watch_id: int
    server_pid: int | None = None


@contextmanager
def sqlite(videos: int) -> Iterator[Loaded]:
    """A file in a temporary folder."""
    with (
        TemporaryDirectory(prefix="newsreel-") as folder,
        _loaded("SQLite", f"sqlite:///{folder}/newsreel.db", videos) as loaded,
    ):
        yield loaded


@contextmanager
def mariadb(videos: int) -> Iterator[Loaded]:
    """A throwaway server with 2 GiB for pages; its statistics are brought up to date."""
    with running(MariaDB) as server, server.fresh_database() as url:
        for statement in MARIADB_MEMORY:
            server.execute(statement)
        pid = int((Path(server.folder) / "pid").read_text())
        with _loaded("MariaDB", url, videos) as loaded:
            yield replace(loaded, server_pid=pid)


@contextmanager
def postgresql(videos: int) -> Iterator[Loaded]:
    """A throwaway server, vacuumed and analysed as it does by itself within minutes."""
    with (
        running(PostgreSQL) as server,
        server.fresh_database() as url,
        _loaded("PostgreSQL", url, videos) as loaded,
    ):
        pid = loaded.database.read(
            lambda connection: connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        )
        yield replace(loaded, server_pid=int(pid))


@contextmanager
def _loaded(name: str, url: str, videos: int) -> Iterator[Loaded]:
    database = Database(url, pool_size=1)
    store = Store(database)
    store.migrate()
    now, kind = depth_rows.STARTS_AT, WatchKind.KEYWORD
    watch, _ = store.write(lambda t: t.watches.add(kind, "news", now=now, read_until=now))
    depth_rows.load(database, videos, watch.watch_id)
    renew_statistics(url)
    try:
        yield Loaded(name, url, database, watch.watch_id)
    finally:
        database.dispose()
