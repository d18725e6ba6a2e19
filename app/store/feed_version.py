"""The feed version: one counter that puts every change of content in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from app.store.models import FeedVersionRow, WatchRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection


def lock_version(connection: Connection) -> int:
    """Lock the version until the transaction ends and return it; lock this before anything else."""
    query = select(FeedVersionRow.seq).where(FeedVersionRow.feed_version_id == 1)
    return connection.execute(query.with_for_update()).scalar_one()


def store_version(connection: Connection, seq: int) -> None:
    """Write the version; its lock must be held."""
    connection.execute(
        update(FeedVersionRow).where(FeedVersionRow.feed_version_id == 1).values(seq=seq)
    )


def move_feeds(connection: Connection, watches: Collection[int], seq: int) -> None:
    """Write that the feeds of these watches changed; the version's lock must be held."""
    if watches:
        moved = update(WatchRow).where(WatchRow.watch_id.in_(watches)).values(feed_seq=seq)
        connection.execute(moved)


def read_version(connection: Connection) -> int:
    """Return the version of the snapshot."""
    query = select(FeedVersionRow.seq).where(FeedVersionRow.feed_version_id == 1)
    return connection.execute(query).scalar_one()
