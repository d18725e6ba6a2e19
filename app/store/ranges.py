"""Ranges: the stretches of publish time that watches have still to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from app.domain.ranges import OpenRange, RangeReason, Stretch
from app.store.models import RangeRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


class RangeRepository:
    """Reads and writes ranges within one transaction; the caller holds the watch's claim."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_open(self, watch_id: int) -> list[OpenRange]:
        """Return what a watch has still to read, newest first."""
        query = select(RangeRow.__table__).where(RangeRow.watch_id == watch_id)
        rows = self._connection.execute(query.order_by(RangeRow.ends_at.desc()))
        return [
            OpenRange(row.range_id, Stretch(row.starts_at, row.ends_at), RangeReason(row.reason))
            for row in rows
        ]

    def replace(self, watch_id: int, stretches: Sequence[tuple[Stretch, RangeReason]]) -> None:
        """Put these stretches in the place of all open ranges of a watch."""
        self._connection.execute(delete(RangeRow).where(RangeRow.watch_id == watch_id))
        rows = [
            {
                "watch_id": watch_id,
                "starts_at": stretch.starts_at,
                "ends_at": stretch.ends_at,
                "reason": reason.value,
            }
            for stretch, reason in stretches
        ]
        if rows:
            self._connection.execute(insert(RangeRow), rows)

    def narrow(self, range_id: int, stretch: Stretch) -> None:
        """Shrink a range to what is left of it."""
        self._connection.execute(
            update(RangeRow)
            .where(RangeRow.range_id == range_id)
            .values(starts_at=stretch.starts_at, ends_at=stretch.ends_at)
        )

    def close(self, range_id: int) -> None:
        """Drop a range that has been read."""
        self._connection.execute(delete(RangeRow).where(RangeRow.range_id == range_id))
