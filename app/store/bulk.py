"""Many rows at once, straight to the driver.

SQLAlchemy takes longer to get a page of rows ready than SQLite to store it. The statement is still
SQLAlchemy's, and every value goes through its column's type.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import insert
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Dialect, Insert, Table

    from app.store.rows import Columns

    Prepare = Callable[[object], object]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Columns]) -> None:
    """Insert rows that all name the same columns, in the same order.

    Raises:
        ValueError: a value that its column's type refuses.
        DBAPIError: a row that the database refuses.
    """
    _execute(connection, table, rows, None)


def add_rows(connection: Connection, table: Table, rows: Sequence[Columns], summed: str) -> None:
    """Insert rows, or add their `summed` to what the row of the same key has.

    Many keys cost one statement on every database, and no look at which of them are there.

    Raises:
        ValueError: a value that its column's type refuses.
        DBAPIError: a row that the database refuses.
    """
    _execute(connection, table, rows, summed)


def _execute(
    connection: Connection, table: Table, rows: Sequence[Columns], summed: str | None
) -> None:
    if not rows:
        return
    sql, order, prepares = _statement(table, connection.dialect, tuple(rows[0]), summed)
    ready = [dict(row) for row in rows]
    for row in ready:
        for name, prepare in prepares:
            row[name] = prepare(row[name])
    parameters = ready if order is None else [tuple(map(row.get, order)) for row in ready]
    connection.exec_driver_sql(sql, parameters)


@lru_cache(maxsize=32)
def _statement(
    table: Table, dialect: Dialect, columns: tuple[str, ...], summed: str | None
) -> tuple[str, tuple[str, ...] | None, tuple[tuple[str, Prepare], ...]]:
    """Return the SQL, the order of its parameters (None: they have names), what prepares which."""
    statement = insert(table) if summed is None else _insert_or_add(table, dialect, summed)
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    if not isinstance(compiled, SQLCompiler):
        raise TypeError("an INSERT compiles to SQL")
    order = tuple(compiled.positiontup) if compiled.positiontup is not None else None
    types = {name: table.c[name].type.dialect_impl(dialect) for name in columns}
    processors = {name: type_.bind_processor(dialect) for name, type_ in types.items()}
    return str(compiled), order, tuple((n, p) for n, p in processors.items() if p is not None)


def _insert_or_add(table: Table, dialect: Dialect, summed: str) -> Insert:
    column = table.c[summed]
    if dialect.name in ("mysql", "mariadb"):
        ours = mysql.insert(table)
        return ours.on_duplicate_key_update({summed: column + ours.inserted[summed]})
    if dialect.name == "postgresql":
        theirs = postgresql.insert(table)
        total = column + theirs.excluded[summed]
        return theirs.on_conflict_do_update(index_elements=table.primary_key, set_={summed: total})
    same = sqlite.insert(table)
    total = column + same.excluded[summed]
    return same.on_conflict_do_update(index_elements=table.primary_key, set_={summed: total})
