"""Copy a database into another one, of whichever kind: in batches, resumable, verified.

1. The destination must be empty, or a draft that a copy of the same source left; it is marked as a
   draft, which keeps every other process out (`drafts`).
2. Tables are copied in the order of their foreign keys, by primary key. A batch and the bookmark
   behind it are one transaction.
3. Every table is read from the destination, and once more from the source as it is now; both are
   compared with what was copied, by count and checksum. Counters of ids are set to continue after
   those of the source.
4. The mark is taken away, and the copy can be used.

The source is read in one snapshot. What is written to it meanwhile would be lost, so nothing may
write. Where a poll has moved the source since the copy was begun, going on is refused at once; any
other change that the second reading meets is refused at the end.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Date, and_, delete, func, or_, select
from sqlalchemy.exc import IntegrityError

from app.domain.errors import NewsreelError
from app.store import (
    access_models,
    audit_models,
    channel_models,
    notice_models,
    revisions,
    schema,
)
from app.store.bulk import insert_rows
from app.store.canonical import checksum_of
from app.store.drafts import (
    Bookmark,
    begin_draft,
    bookmark_of,
    end_draft,
    is_draft,
    move_bookmark,
    source_of,
)
from app.store.id_counters import continue_after, counted, last_id
from app.store.models import Base, FeedVersionRow, WatchRow
from app.store.types import Instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from sqlalchemy import ColumnElement, Connection, Row, Table

    from app.store.database import Database

    Rows = Sequence[Row[tuple[object, ...]]]
    Progress = Callable[[int], None]

BATCH = 1000
_KNOWN = access_models, audit_models, channel_models, notice_models
"""Imported for their tables."""

_BEFORE_ALL = FeedVersionRow.__tablename__
"""The table that a migration puts a row into, and its seq is 0 as long as nothing is stored."""


class CopyError(NewsreelError):
    """A copy cannot be made, or what was made is not the same as its source."""

    code = "copy_failed"


@dataclass(frozen=True, slots=True)
class Copied:
    """A table that is the same on both sides.

    Args:
        table: its name.
        rows: how many it has.
        checksum: of all of them, 32 hex digits.
    """

    table: str
    rows: int
    checksum: str


class Copying:
    """One copy, from a database that nothing writes to.

    Args:
        source: at this release's schema.
        destination: opened with `takes_drafts`.
    """

    def __init__(self, source: Database, destination: Database, batch: int = BATCH) -> None:
        self._source = source
        self._destination = destination
        self._batch = batch
        self._tables = Base.metadata.sorted_tables

    def prepare(self) -> int:
        """Mark the destination as a draft, with tables; return how many rows are to be copied.

        Raises:
            CopyError: the source is not at this release's schema, or the destination not empty.
            StoreUnavailableError: one of them cannot be reached.
        """
        with self._source.snapshot() as source:
            self._check_source(source)
            marked, total = self._fingerprint(source), self._count(source)
        with self._destination.connection() as connection:
            self._mark(connection, marked)
        schema.migrate(self._destination)
        return total

    def run(self, progress: Progress) -> list[Copied]:
        """Copy what is not yet copied, verify it, and make the draft a database.

        Args:
            progress: told of rows as they are copied, those of earlier runs at once.

        Raises:
            CopyError: the source moved, another copy goes on, or the copy is not the same.
            StoreUnavailableError: one of them cannot be reached.
        """
        with ExitStack() as stack:
            source = stack.enter_context(self._source.snapshot())
            copied = [self._copy(source, table, progress) for table in self._tables]
            ids = [(t, c, last_id(source, t, c)) for t, c in counted(self._tables)]
            with self._destination.snapshot() as destination:
                same = [
                    self._verified(destination, table, bookmark)
                    for table, bookmark in zip(self._tables, copied, strict=True)
                ]
        self._check_unmoved(copied)
        with self._destination.connection() as connection:
            for table, column, last in ids:
                continue_after(connection, table, column, last)
            end_draft(connection)
        return same

    def _check_source(self, source: Connection) -> None:
        revision, newest = revisions.revision_of(source), revisions.newest_revision()
        if revision != newest:
            raise CopyError(
                f"the source's schema is {revision}, this release's {newest}: run `migrate` on it"
            )

    def _fingerprint(self, source: Connection) -> str:
        """Return what changes whenever a service works on the source: polls raise fences."""
        rows: list[Sequence[object]] = [tuple(source.execute(select(FeedVersionRow)).one())]
        watched = WatchRow.watch_id, WatchRow.kind, WatchRow.term, WatchRow.fence, WatchRow.paused
        rows += map(tuple, source.execute(select(*watched)))
        rows += [(table.name, last_id(source, table, c)) for table, c in counted(self._tables)]
        return f"{checksum_of(rows):032x}"

    def _count(self, source: Connection) -> int:
        counts = (select(func.count()).select_from(table) for table in self._tables)
        return sum(source.execute(query).scalar_one() for query in counts)

    def _mark(self, destination: Connection, source: str) -> None:
        if not is_draft(destination):
            self._check_empty(destination)
            begin_draft(destination, source)
        elif source_of(destination) != source:
            raise CopyError(
                "the destination is the draft of another source, or the source has moved since: "
                "empty it (DROP and CREATE DATABASE), stop what writes to the source, begin anew"
            )

    def _check_empty(self, destination: Connection) -> None:
        there = revisions.tables_of(destination)
        for table in self._tables:
            if table.name not in there:
                continue
            query = select(table).limit(1)
            if table.name == _BEFORE_ALL:
                query = query.where(table.c.seq > 0)
            if destination.execute(query).first() is not None:
                raise CopyError(f"the destination is not empty: its table {table.name} has rows")

    def _copy(self, source: Connection, table: Table, progress: Progress) -> Bookmark:
        with self._destination.connection() as connection:
            before = bookmark_of(connection, table.name)
            if before is None:  # as the migrations left it
                connection.execute(delete(table))
        progress(0 if before is None else before.rows)
        while rows := self._next(source, table, before):
            before = self._write(table, rows, before)
            progress(len(rows))
        return before or Bookmark()

    def _next(self, source: Connection, table: Table, before: Bookmark | None) -> Rows:
        keys = list(table.primary_key)
        query = select(table).order_by(*keys).limit(self._batch)
        if before is not None and before.key is not None:
            query = query.where(_after(keys, _read_key(keys, before.key)))
        return source.execute(query).all()

    def _write(self, table: Table, rows: Rows, before: Bookmark | None) -> Bookmark:
        so_far = before or Bookmark()
        last = rows[-1]._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
        after = Bookmark(
            [_written(last[key]) for key in table.primary_key],
            so_far.rows + len(rows),
            checksum_of(rows, so_far.checksum),
        )
        try:
            with self._destination.connection() as connection:
                moved = move_bookmark(connection, table.name, before, after)
                if not moved:
                    raise CopyError("another copy into the same destination goes on")
                insert_rows(connection, table, [dict(row._mapping) for row in rows])  # noqa: SLF001 - SQLAlchemy's public name for it
        except IntegrityError:
            raise CopyError(f"table {table.name}: rows came in from somewhere else") from None
        return after

    def _verified(self, destination: Connection, table: Table, wanted: Bookmark) -> Copied:
        rows, checksum = self._sum(destination, table)
        if (rows, checksum) != (wanted.rows, wanted.checksum):
            raise CopyError(
                f"table {table.name} is not the same: {rows} rows with checksum {checksum:032x}, "
                f"the source has {wanted.rows} with {wanted.checksum:032x}"
            )
        return Copied(table.name, rows, f"{checksum:032x}")

    def _sum(self, connection: Connection, table: Table) -> tuple[int, int]:
        """Read a table whole; return how many rows it has and their checksum."""
        rows, checksum, place = 0, 0, None
        while found := self._next(connection, table, place):
            last = found[-1]._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
            place = Bookmark([_written(last[key]) for key in table.primary_key])
            rows += len(found)
            checksum = checksum_of(found, checksum)
        return rows, checksum

    def _check_unmoved(self, copied: Sequence[Bookmark]) -> None:
        """Read the source once more, as it is now."""
        with self._destination.connection() as destination:
            marked = source_of(destination)
        with self._source.snapshot() as source:
            if self._fingerprint(source) != marked:
                raise _moved("")
            for table, bookmark in zip(self._tables, copied, strict=True):
                if self._sum(source, table) != (bookmark.rows, bookmark.checksum):
                    raise _moved(f" (its table {table.name})")


def _moved(what: str) -> CopyError:
    return CopyError(
        f"the source has moved meanwhile{what}: something still writes to it; empty the "
        "destination, stop that, and begin anew"
    )


def _after(keys: Sequence[ColumnElement[object]], values: Sequence[object]) -> ColumnElement[bool]:
    """Name the rows after a key, in a form for which every database uses its index."""
    key, value = keys[0], values[0]
    if len(keys) == 1:
        return key > value
    return and_(key >= value, or_(key > value, _after(keys[1:], values[1:])))


def _written(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _read_key(keys: Sequence[ColumnElement[object]], written: Sequence[object]) -> list[object]:
    """Return a key as its columns take it; JSON has neither instants nor days."""
    return [_READERS.get(type(k.type), _as_it_is)(v) for k, v in zip(keys, written, strict=True)]


def _as_it_is(value: object) -> object:
    return value


_READERS: Mapping[type, Callable[[Any], object]] = {
    Instant: datetime.fromisoformat,
    Date: date.fromisoformat,
}
