"""Run one statement for many rows so that a row the database refuses costs that row alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, StatementError

from app.store.database import is_row_trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection
    from sqlalchemy.sql.dml import UpdateBase

    from app.store.rows import Columns


def execute_each(
    connection: Connection, statement: UpdateBase, rows: Sequence[Columns], *, key: str
) -> dict[str, str]:
    """Run `statement` once per row, in as few batches as the rows allow.

    Args:
        connection: in a transaction; refused rows are undone by savepoints.
        statement: an INSERT or UPDATE with bound parameters.
        rows: one set of parameters each.
        key: the parameter that names a row.

    Returns:
        For each refused row, by its key, what the database said.
    """
    if not rows:
        return {}
    try:
        with connection.begin_nested():
            connection.execute(statement, list(rows))
    except (StatementError, UnicodeError, OverflowError) as error:
        if isinstance(error, DBAPIError) and not is_row_trouble(error):
            raise
        if len(rows) == 1:
            return {str(rows[0][key]): _words(error)}
        middle = len(rows) // 2
        first = execute_each(connection, statement, rows[:middle], key=key)
        return first | execute_each(connection, statement, rows[middle:], key=key)
    return {}


def _words(error: StatementError | UnicodeError | OverflowError) -> str:
    cause = error.orig if isinstance(error, StatementError) else error
    return f"{type(cause).__name__}: {str(cause).partition(chr(10))[0][:200]}"
