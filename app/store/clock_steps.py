"""The database's own clock, and marks of the future that a process's clock that was ahead left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, or_, select, text, update

from app.domain.quota import KeyState
from app.store.channel_models import (
    ChannelStateRow,
    FollowedChannelRow,
    GlanceRow,
    SubscriptionRow,
)
from app.store.models import KeyStateRow, WatchRow
from app.store.notice_models import AlertRow, WebhookRow

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import InstrumentedAttribute

_NOW = {"mysql": "SELECT UTC_TIMESTAMP(6)", "postgresql": "SELECT clock_timestamp()"}

_DONE = (WatchRow.last_success_at, WatchRow.read_until, WatchRow.error_since)
_NOTED = (WatchRow.packed_at, WatchRow.packed_until, WatchRow.wanted_at)
_LONG_AGO = timedelta(days=1)

_AHEAD = select(WatchRow.watch_id, WatchRow.read_until).where(
    or_(
        *(mark > bindparam("after") for mark in (*_DONE, *_NOTED)),
        WatchRow.leased_until > bindparam("leased_after"),
    )
)

_WAITS: tuple[InstrumentedAttribute[Any], ...] = (
    # Noted by web processes each minute. One whose clock is ahead would have its watch polled anew
    # by every tick, if this alone were a reason to.
    WatchRow.last_accessed_at,
    *(FollowedChannelRow.next_due_at, FollowedChannelRow.feed_read_at),
    *(FollowedChannelRow.feed_retry_at, FollowedChannelRow.uploads_tried_at),
    *(ChannelStateRow.feed_read_at, ChannelStateRow.feed_retry_at),
    *(ChannelStateRow.uploads_tried_at, ChannelStateRow.uploads_read_at),
    *(SubscriptionRow.next_try_at, GlanceRow.next_try_at),
    *(WebhookRow.next_try_at, AlertRow.next_try_at),
)
"""What else is done again later; a try too many costs little. It shows nothing by itself."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A watch with marks in the future; `read_until` too, if a poll was begun there."""

    watch_id: int
    was_begun: bool


class ClockSteps:
    """Reads the database's clock, and takes marks back, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def now(self) -> datetime | None:
        """Return the present by the database's clock; None if that is this machine's (SQLite)."""
        query = _NOW.get(self._connection.dialect.name)
        if query is None:
            return None
        told: datetime = self._connection.execute(text(query)).scalar_one()
        return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)

    def list_ahead(self, after: datetime, leased_after: datetime) -> list[Ahead]:
        """Return the watches of which something is said to have been done after that instant.

        Args:
            after: later than any clock that is right may have it.
            leased_after: the same for the end of a lease.
        """
        rows = self._connection.execute(_AHEAD, {"after": after, "leased_after": leased_after})
        return [Ahead(row.watch_id, row.read_until > after) for row in rows]

    def put_right(self, watch_id: int, now: datetime) -> None:
        """Make all that is said of a watch's future said of now, and let it be polled at once.

        Whoever polls it under a clock that is ahead stores nothing more.
        """
        watch = WatchRow.watch_id == watch_id
        righted = {
            **dict.fromkeys((*_DONE, WatchRow.wanted_at), now),
            # Packed readings close no range: one too many costs little, and none is owed.
            WatchRow.packed_at: now - _LONG_AGO,
            WatchRow.packed_until: None,
        }
        for mark, instant in righted.items():
            change = update(WatchRow).where(watch, mark > now)
            self._connection.execute(change.values({mark.key: instant}))
        free = {"leased_until": None, "fence": WatchRow.fence + 1, "next_due_at": now}
        self._connection.execute(update(WatchRow).where(watch).values(free))

    def end_waits(self, now: datetime) -> None:
        """Have everything else tried now that waits, for whoever may have noted it."""
        for mark in _WAITS:
            table = mark.class_
            self._connection.execute(update(table).where(mark > now).values({mark.key: now}))
        held = KeyStateRow.state == KeyState.HELD.value
        self._connection.execute(delete(KeyStateRow).where(KeyStateRow.since > now, ~held))
