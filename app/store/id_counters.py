"""The counters that give out ids: carried over, so that an id that was used never comes again.

A table's highest row may have been deleted, so its counter says more than its rows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import Column, cast, func, select, text
from sqlalchemy.dialects.postgresql import REGCLASS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, Table

_NEXT_OF_MYSQL = re.compile(r"\bAUTO_INCREMENT=(\d+)")


def counted(tables: Iterable[Table]) -> Iterator[tuple[Table, Column[int]]]:
    """Yield the tables whose ids the database counts, with the column."""
    for table in tables:
        if (column := table.autoincrement_column) is not None and column.autoincrement is True:
            yield table, column


def last_id(connection: Connection, table: Table, column: Column[int]) -> int:
    """Return the last id that was given out, or one that is at least as high; 0 for none."""
    in_rows = connection.execute(select(func.max(column))).scalar_one() or 0
    return max(in_rows, _READ[connection.dialect.name](connection, table, column))


def continue_after(connection: Connection, table: Table, column: Column[int], last: int) -> None:
    """Have the next id be `last` + 1. On MySQL this ends the transaction."""
    if last > 0:
        _SET[connection.dialect.name](connection, table, column, last)


def _of_sqlite(connection: Connection, table: Table, _column: Column[int]) -> int:
    if not table.dialect_options["sqlite"]["autoincrement"]:
        return 0  # it counts on from its rows
    query = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    return connection.execute(query, {"name": table.name}).scalar_one_or_none() or 0


def _set_sqlite(connection: Connection, table: Table, _column: Column[int], last: int) -> None:
    if not table.dialect_options["sqlite"]["autoincrement"]:
        return
    row = {"name": table.name, "seq": last}
    connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), row)
    connection.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :seq)"), row)


def _of_mysql(connection: Connection, table: Table, _column: Column[int]) -> int:
    """Ask for the statement that would make the table: other views of it are hours old."""
    _, statement = connection.exec_driver_sql(f"SHOW CREATE TABLE `{table.name}`").one()
    found = _NEXT_OF_MYSQL.search(statement)
    return int(found[1]) - 1 if found else 0


def _set_mysql(connection: Connection, table: Table, _column: Column[int], last: int) -> None:
    connection.exec_driver_sql(f"ALTER TABLE `{table.name}` AUTO_INCREMENT = {last + 1:d}")


def _of_postgresql(connection: Connection, table: Table, column: Column[int]) -> int:
    name = connection.execute(
        select(func.pg_get_serial_sequence(table.name, column.name))
    ).scalar_one()
    query = select(func.pg_sequence_last_value(cast(name, REGCLASS)))
    return connection.execute(query).scalar_one() or 0


def _set_postgresql(connection: Connection, table: Table, column: Column[int], last: int) -> None:
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    connection.execute(select(func.setval(sequence, last)))


_READ = {
    "sqlite": _of_sqlite,
    "mysql": _of_mysql,
    "mariadb": _of_mysql,
    "postgresql": _of_postgresql,
}
_SET = {
    "sqlite": _set_sqlite,
    "mysql": _set_mysql,
    "mariadb": _set_mysql,
    "postgresql": _set_postgresql,
}
