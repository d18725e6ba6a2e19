"""The feed version: one counter that puts every change of content in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update

from app.store.models import FeedVersionRow, WatchRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection


_READ = select(FeedVersionRow.seq).where(FeedVersionRow.feed_version_id == 1)
_READ_LOCKED = _READ.with_for_update()
_STORE = (
    update(FeedVersionRow)
    .where(FeedVersionRow.feed_version_id == 1)
    .values(seq=bindparam("new_seq"))
)
_MOVE = (
    update(WatchRow)
    .where(WatchRow.watch_id.in_(bindparam("watches", expanding=True)))
    .values(feed_seq=bindparam("new_seq"))
)


def lock_version(connection: Connection) -> int:
    """Lock the version until the transaction ends and return it; lock this before anything else."""
    return connection.execute(_READ_LOCKED).scalar_one()


def store_version(connection: Connection, seq: int) -> None:
    """Write the version; its lock must be held."""
    connection.execute(_STORE, {"new_seq": seq})


def move_feeds(connection: Connection, watches: Collection[int], seq: int) -> None:
    """Write that the feeds of these watches changed; the version's lock must be held."""
    if watches:
        connection.execute(_MOVE, {"watches": list(watches), "new_seq": seq})


def read_version(connection: Connection) -> int:
    """Return the version of the snapshot."""
    return connection.execute(_READ).scalar_one()
