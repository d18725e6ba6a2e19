"""The yardstick of storing: the same rows put into the same tables by the driver's executemany.

Nothing is looked up, locked, merged or counted, and no transaction ends but by the commit that
every page has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.store.models import (
    Base,
    ChannelCountRow,
    DayCountRow,
    HourCountRow,
    VideoRow,
    VideoTextRow,
    WatchVideoRow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import ExitStack

    from sqlalchemy.engine.interfaces import DBAPIConnection

    from app.store.database import Database

    RawRow = tuple[object, ...]

TABLES = ("videos", "video_texts", "watch_videos", "hour_counts", "day_counts", "channel_counts")
_HOUR, _DAY, _MONTH = len("2026-11-21 07"), len("2026-11-21"), len("2026-11")


@dataclass(frozen=True, slots=True)
class RawPage:
    """What one page became in each of the tables, as the driver takes and gives it."""

    rows: dict[str, list[RawRow]]

    @property
    def size(self) -> int:
        """How many rows that is."""
        return sum(len(rows) for rows in self.rows.values())


class BareInsert:
    """Inserts raw pages over one connection that stays open, a commit each."""

    def __init__(self, database: Database, stack: ExitStack) -> None:
        sqlite = database.dialect == "sqlite"
        self._begin = "BEGIN IMMEDIATE" if sqlite else None  # PyMySQL begins by itself
        mark = "?" if sqlite else "%s"
        self._statements = {name: _insert_statement(name, mark) for name in TABLES}
        self._connection = _raw_connection(database, stack)
        self._connection.commit()

    def insert_all(self, pages: Iterable[RawPage]) -> None:
        """Insert pages, with a commit after each."""
        for page in pages:
            self._insert(page)

    def _insert(self, page: RawPage) -> None:
        cursor = self._connection.cursor()
        if self._begin is not None:
            cursor.execute(self._begin)
        for name, rows in page.rows.items():
            cursor.executemany(self._statements[name], rows)
        cursor.close()
        self._connection.commit()


def read_raw_pages(database: Database, pages: Sequence[Sequence[str]]) -> list[RawPage]:
    """Return what these pages (ids of videos) became in a database that holds nothing else.

    An hour's, a day's or a channel's count belongs to the first page with a video in it.
    """
    page_of = {video_id: number for number, ids in enumerate(pages) for video_id in ids}
    raw = [RawPage({name: [] for name in TABLES}) for _ in pages]
    page_of_time: dict[str, int] = {}
    page_of_month: dict[tuple[object, str], int] = {}
    videos, texts, links, hours, days, months = (_read_raw(database, name) for name in TABLES)
    id_at, published_at = _position(VideoRow, "video_id"), _position(VideoRow, "published_at")
    channel_at = _position(VideoRow, "channel_id")
    for row in sorted(videos, key=lambda row: page_of[str(row[id_at])]):
        page = page_of[str(row[id_at])]
        raw[page].rows["videos"].append(row)
        for length in (_HOUR, _DAY):
            page_of_time.setdefault(str(row[published_at])[:length], page)
        page_of_month.setdefault((row[channel_at], str(row[published_at])[:_MONTH]), page)
    for row in texts:
        page = page_of[str(row[_position(VideoTextRow, "video_id")])]
        raw[page].rows["video_texts"].append(row)
    for row in links:
        page = page_of[str(row[_position(WatchVideoRow, "video_id")])]
        raw[page].rows["watch_videos"].append(row)
    for row in hours:
        page = page_of_time[str(row[_position(HourCountRow, "hour_at")])[:_HOUR]]
        raw[page].rows["hour_counts"].append(row)
    for row in days:
        page = page_of_time[str(row[_position(DayCountRow, "day")])[:_DAY]]
        raw[page].rows["day_counts"].append(row)
    channel_at, month_at = (_position(ChannelCountRow, name) for name in ("channel_id", "month"))
    for row in months:
        page = page_of_month[row[channel_at], str(row[month_at])[:_MONTH]]
        raw[page].rows["channel_counts"].append(row)
    return raw


def count_rows(database: Database) -> dict[str, int]:
    """Return how many rows each of the tables has."""
    return {name: len(_read_raw(database, name)) for name in TABLES}


def _raw_connection(database: Database, stack: ExitStack) -> DBAPIConnection:
    raw = stack.enter_context(database.connection()).connection.dbapi_connection
    if raw is None:
        raise ValueError("the connection has been closed")
    return raw


def _insert_statement(name: str, mark: str) -> str:
    columns = [column.name for column in Base.metadata.tables[name].columns]
    marks = ", ".join(mark for _ in columns)
    return f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our names


def _read_raw(database: Database, name: str) -> list[RawRow]:
    """Read a whole table without SQLAlchemy's types between."""
    table = Base.metadata.tables[name]
    with database.connection() as connection:
        statement = str(select(*table.columns).compile(connection))
        return [tuple(row) for row in connection.exec_driver_sql(statement)]


def _position(row: type[Base], column: str) -> int:
    return list(row.__table__.columns.keys()).index(column)
