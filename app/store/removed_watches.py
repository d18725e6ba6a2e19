"""Watches that were removed and may still be brought back. Part of the watches.

Whoever looks for a watch finds none; what it had read and found stays as it was, until `let_go`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, exists, insert, select, update

from app.domain.errors import DuplicateWatchError, NotFoundError
from app.domain.watches import RemovedWatch, WatchKind
from app.store.channel_models import (
    ChannelStateRow,
    FollowedChannelRow,
    FollowRow,
    PushHintRow,
)
from app.store.feed_version import lock_version
from app.store.models import REMOVED, RangeRow, RemovedWatchRow, WatchRow
from app.store.webhooks import WebhookRepository

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import BindParameter, ColumnElement, Connection, Row

_KEPT = select(RemovedWatchRow.__table__)
_REMOVED_AFTER = (
    select(RemovedWatchRow.__table__, WatchRow.label)
    .join(WatchRow, WatchRow.watch_id == RemovedWatchRow.watch_id)
    .where(RemovedWatchRow.removed_at > bindparam("since"))
    .order_by(RemovedWatchRow.removed_at.desc(), RemovedWatchRow.watch_id.desc())
)


class RemovedWatches:
    """Removes watches and brings them back within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def remove(self, watch_id: int, now: datetime) -> None:
        """Remove a watch: its term is free, its claim is void; the rest is kept for a while.

        Raises:
            NotFoundError: there is none.
        """
        lock_version(self._connection)
        mine = and_(WatchRow.watch_id == watch_id, WatchRow.kind != REMOVED)
        query = select(WatchRow.kind, WatchRow.term, WatchRow.paused).where(mine)
        watch = self._connection.execute(query).one_or_none()
        if watch is None:
            raise NotFoundError(f"there is no watch {watch_id}")
        about = {"kind": watch.kind, "term": watch.term, "paused": watch.paused}
        kept = insert(RemovedWatchRow).values(watch_id=watch_id, removed_at=now, **about)
        self._connection.execute(kept)
        self._change(
            watch_id,
            kind=REMOVED,
            term=str(watch_id),
            paused=True,
            fence=WatchRow.fence + 1,
            leased_until=None,
        )

    def restore(self, watch_id: int, since: datetime) -> None:
        """Bring back a watch that was removed after an instant, as it was.

        Its filters are applied anew to what it has: nobody did so to what was told meanwhile.

        Raises:
            NotFoundError: there is none; it may have been let go.
            DuplicateWatchError: its term is watched again.
        """
        lock_version(self._connection)
        mine = and_(RemovedWatchRow.watch_id == watch_id, RemovedWatchRow.removed_at > since)
        kept = self._connection.execute(_KEPT.where(mine)).one_or_none()
        if kept is None:
            raise NotFoundError(f"there is no removed watch {watch_id} to bring back")
        taken = and_(WatchRow.kind == kept.kind, WatchRow.term == kept.term)
        other = self._connection.execute(select(WatchRow.watch_id).where(taken)).scalar()
        if other is not None:
            raise DuplicateWatchError(other)
        self._change(watch_id, kind=kept.kind, term=kept.term, paused=kept.paused)
        filtered = and_(WatchRow.watch_id == watch_id, WatchRow.filters.is_not(None))
        self._connection.execute(update(WatchRow).where(filtered).values(refilter_after=""))
        _forget(self._connection, watch_id)

    def list_removed(self, since: datetime) -> list[RemovedWatch]:
        """Return the watches that were removed after an instant, the last one first."""
        rows = self._connection.execute(_REMOVED_AFTER, {"since": since})
        return [_removed(each) for each in rows]

    def _change(self, watch_id: int, **values: object) -> None:
        mine = update(WatchRow).where(WatchRow.watch_id == watch_id)
        self._connection.execute(mine.values(values))


def may_be_withdrawn(since: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Of a watch: that it was removed, and not after an instant."""
    row = RemovedWatchRow
    kept = exists().where(row.watch_id == WatchRow.watch_id, row.removed_at > since)
    return and_(WatchRow.kind == REMOVED, ~kept)


def let_go(connection: Connection, watch_id: int) -> None:
    """Forget what a removed watch had, its links apart, so that nobody can bring it back."""
    kept = connection.execute(_KEPT.where(RemovedWatchRow.watch_id == watch_id)).one_or_none()
    if kept is None:
        return
    for row in (RangeRow, ChannelStateRow, FollowRow):
        connection.execute(delete(row).where(row.watch_id == watch_id))
    WebhookRepository(connection).delete_of_watch(watch_id)
    if kept.kind == WatchKind.CHANNEL:
        _drop_hints(connection, kept.term)
    _forget(connection, watch_id)


def _drop_hints(connection: Connection, channel_id: str) -> None:
    """Forget what was pushed for a channel that nobody wants any more."""
    followed = exists().where(FollowedChannelRow.channel_id == channel_id)
    watched = exists().where(WatchRow.kind == WatchKind.CHANNEL.value, WatchRow.term == channel_id)
    hints = delete(PushHintRow).where(PushHintRow.channel_id == channel_id)
    connection.execute(hints.where(~followed, ~watched))


def _forget(connection: Connection, watch_id: int) -> None:
    connection.execute(delete(RemovedWatchRow).where(RemovedWatchRow.watch_id == watch_id))


def _removed(row: Row[tuple[object, ...]]) -> RemovedWatch:
    return RemovedWatch(
        watch_id=row.watch_id,
        kind=WatchKind(row.kind),
        term=row.term,
        label=row.label,
        removed_at=row.removed_at,
    )
