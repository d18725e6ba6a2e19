"""Logs whose lines are numbered as they are written: the lines next to a cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Row, Select

    from app.domain.logs import LogCursor

    Line = Row[tuple[object, ...]]
    Lines = Select[tuple[object, ...]]


def list_around(
    connection: Connection,
    lines: Lines,
    number: ColumnElement[int],
    cursor: LogCursor | None,
    limit: int,
) -> list[Line]:
    """Return up to `limit` lines next to a cursor, newest first.

    Args:
        connection: in a transaction.
        lines: those that are wanted at all.
        number: the column that numbers them, of the index that they are to be found by.
        cursor: beside which; None: the newest.
        limit: how many.
    """
    newer = cursor is not None and cursor.newer
    if cursor is not None:
        lines = lines.where(number > cursor.number if newer else number < cursor.number)
    ordered = lines.order_by(number.asc() if newer else number.desc())
    found = list(connection.execute(ordered.limit(limit)).all())
    return found[::-1] if newer else found
