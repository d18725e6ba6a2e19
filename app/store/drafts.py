"""Drafts: databases that a copy is being made into, and that nobody may use until it is whole.

The mark is a table of its own, `copy_draft`, which also says how far the copy has come. Whoever
connects looks for it, so there is no process that could read or write half of a copy.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Column,
    MetaData,
    Table,
    event,
    insert,
    inspect,
    select,
    update,
)

from app.domain.errors import StoreUnavailableError
from app.store.types import ascii_key, long_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

_NAME = "copy_draft"
_OF_SOURCE = ""
"""Where the table says which source it is a copy of, instead of a table's name."""

_DRAFT = Table(
    _NAME,
    MetaData(),
    Column("table_name", ascii_key(60), primary_key=True),
    Column("position", long_text(), nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("checksum", ascii_key(32), nullable=False),
)

# Where there is no such table, none of them is an error, which would end a transaction.
_LOOKS: Mapping[str, str] = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE name = 'copy_draft'",
    "mysql": (
        "SELECT 1 FROM information_schema.tables"
        " WHERE table_schema = database() AND table_name = 'copy_draft'"
    ),
    "postgresql": "SELECT 1 WHERE to_regclass('copy_draft') IS NOT NULL",
}


class DraftError(StoreUnavailableError):
    """The database is one that a copy is being made into."""

    for_strangers = "the database is being filled and is not whole yet"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far a table was copied.

    Args:
        key: the primary key of the last row, as JSON has it; None before the first.
        rows: how many were copied.
        checksum: of these, as `canonical.checksum_of` sums them up.
    """

    key: Sequence[object] | None = None
    rows: int = 0
    checksum: int = 0


def refuse_drafts(engine: Engine) -> None:
    """Have an engine's connections end at once in a database that is a draft."""
    look = _LOOKS[engine.url.get_backend_name()]

    def on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(look)
        found = cursor.fetchone()
        cursor.close()
        connection.rollback()
        if found:
            connection.close()
            raise DraftError("a copy into this database has not ended: run `copy` again")

    event.listen(engine, "connect", on_connect)


def is_draft(connection: Connection) -> bool:
    """Tell whether a copy into this database has begun and not ended."""
    return inspect(connection).has_table(_NAME)


def begin_draft(connection: Connection, source: str) -> None:
    """Mark a database as the draft of a copy of `source`."""
    _DRAFT.create(connection)
    row = {"table_name": _OF_SOURCE, "position": source, "row_count": 0, "checksum": ""}
    connection.execute(insert(_DRAFT).values(row))


def source_of(connection: Connection) -> str | None:
    """Return what a draft is a copy of; None of one whose beginning broke off."""
    query = select(_DRAFT.c.position).where(_DRAFT.c.table_name == _OF_SOURCE)
    return connection.execute(query).scalar_one_or_none()


def end_draft(connection: Connection) -> None:
    """Take the mark away: the copy is whole."""
    _DRAFT.drop(connection)


def bookmark_of(connection: Connection, table: str) -> Bookmark | None:
    """Return how far a table was copied; None if that has not begun."""
    row = connection.execute(select(_DRAFT).where(_DRAFT.c.table_name == table)).one_or_none()
    if row is None:
        return None
    return Bookmark(json.loads(row.position), row.row_count, int(row.checksum, 16))


def move_bookmark(
    connection: Connection, table: str, before: Bookmark | None, after: Bookmark
) -> bool:
    """Note how far a table was copied; tell whether `before` was still true."""
    values = {
        "position": json.dumps(after.key),
        "row_count": after.rows,
        "checksum": f"{after.checksum:032x}",
    }
    if before is None:
        connection.execute(insert(_DRAFT).values(table_name=table, **values))
        return True
    here = _DRAFT.c.table_name == table, _DRAFT.c.row_count == before.rows
    return connection.execute(update(_DRAFT).where(*here).values(values)).rowcount == 1
