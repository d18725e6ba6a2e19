"""Ranges: the stretches of publish time that watches have still to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select

from app.domain.ranges import Pending, RangeReason, Reading, Stretch
from app.store.models import RangeRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection, Row


class RangeRepository:
    """Reads and writes ranges within one transaction; who writes holds the watch's claim."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_pending(self, watch_id: int) -> list[Pending]:
        """Return what a watch has still to read, newest first."""
        query = select(RangeRow.__table__).where(RangeRow.watch_id == watch_id)
        rows = self._connection.execute(query.order_by(RangeRow.ends_at.desc()))
        return [_pending(row) for row in rows]

    def first_open(self) -> dict[int, datetime]:
        """Return the first second that was not read twice, by watch; of those that have one.

        Seconds that no call can show whole are left out: they are never read.
        """
        is_open = RangeRow.reading <= Reading.SECOND, RangeRow.reason != RangeReason.CAP.value
        query = select(RangeRow.watch_id, func.min(RangeRow.starts_at).label("first")).where(
            *is_open
        )
        rows = self._connection.execute(query.group_by(RangeRow.watch_id))
        return {row.watch_id: row.first for row in rows}

    def replace(self, watch_id: int, pending: Iterable[Pending]) -> None:
        """Put these in the place of all that a watch had to read."""
        self._connection.execute(delete(RangeRow).where(RangeRow.watch_id == watch_id))
        rows = [
            {
                "watch_id": watch_id,
                "starts_at": item.stretch.starts_at,
                "ends_at": item.stretch.ends_at,
                "reading": int(item.reading),
                "reason": item.reason.value,
                "due_at": item.due_at,
            }
            for item in pending
        ]
        if rows:
            self._connection.execute(insert(RangeRow), rows)


def _pending(row: Row[tuple[object, ...]]) -> Pending:
    return Pending(
        stretch=Stretch(row.starts_at, row.ends_at),
        reading=Reading(row.reading),
        reason=RangeReason(row.reason),
        due_at=row.due_at,
    )
