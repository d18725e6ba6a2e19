"""Run statements whose rows may be refused, in savepoints: a refused row costs that row alone.

Trouble with the server leaves the savepoint alone: a deadlock or a full disk may have ended it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from app.store.database import is_row_trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.sql.dml import Insert

    from app.store.rows import Columns

    Execute = Callable[[Connection, Sequence[Columns]], object]


def execute_each(
    connection: Connection, execute: Execute, rows: Sequence[Columns], *, key: str
) -> dict[str, str]:
    """Write rows in as few batches as they allow.

    Args:
        connection: in a transaction; refused rows are undone by savepoints.
        execute: writes a batch, or raises for any of its rows.
        rows: one set of parameters each.
        key: the parameter that names a row.

    Returns:
        For each refused row, by its key, what the database said.
    """
    if not rows:
        return {}
    # In plain SQL: SQLAlchemy would compile a new name for every savepoint.
    connection.exec_driver_sql("SAVEPOINT batch")
    try:
        execute(connection, rows)
    except (StatementError, ValueError, OverflowError) as error:
        if isinstance(error, DBAPIError) and not is_row_trouble(error):
            raise
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT batch")
        connection.exec_driver_sql("RELEASE SAVEPOINT batch")
        if len(rows) == 1:
            return {str(rows[0][key]): _words(error)}
        middle = len(rows) // 2
        first = execute_each(connection, execute, rows[:middle], key=key)
        return first | execute_each(connection, execute, rows[middle:], key=key)
    connection.exec_driver_sql("RELEASE SAVEPOINT batch")
    return {}


def insert_if_absent(connection: Connection, statement: Insert) -> bool:
    """Insert a row; tell whether that was possible, or its key was there already."""
    savepoint = connection.begin_nested()
    try:
        connection.execute(statement)
    except IntegrityError:
        savepoint.rollback()
        return False
    savepoint.commit()
    return True


def _words(error: StatementError | ValueError | OverflowError) -> str:
    cause = error.orig if isinstance(error, StatementError) else error
    return f"{type(cause).__name__}: {str(cause).partition(chr(10))[0][:200]}"
