"""What readings that close no range (packed, Invidious) note of watches. Part of the watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from app.store.models import REMOVED, WatchRow

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection, Update


class PackedWatches:
    """Reads and writes the marks of packed readings within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def pack(self, watch_ids: Collection[int], now: datetime) -> None:
        """Take watches for a reading that closes no range; the feed version must be locked."""
        self._connection.execute(_members(watch_ids).values(packed_at=now))

    def packed_to(self, watch_ids: Collection[int], until: datetime) -> None:
        """Note how far a packed reading has looked for these watches; the version must be locked.

        That it looked is all this says. Of more than one page shows the older ones are left to the
        watches' own readings: another packed one would show the newest again.
        """
        self._connection.execute(_members(watch_ids).values(packed_until=until))

    def list_packed(self) -> list[int]:
        """Return the ids of the watches that were ever taken for a packed reading."""
        packed = select(WatchRow.watch_id).where(
            WatchRow.packed_at.is_not(None), WatchRow.kind != REMOVED
        )
        return list(self._connection.execute(packed.order_by(WatchRow.watch_id)).scalars())


def _members(watch_ids: Collection[int]) -> Update:
    return update(WatchRow).where(WatchRow.watch_id.in_(watch_ids))
