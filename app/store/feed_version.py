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
_SITE = select(FeedVersionRow.site).where(FeedVersionRow.feed_version_id == 1)
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


def read_site(connection: Connection) -> str:
    """Return the name of this database among those that share a Redis."""
    return connection.execute(_SITE).scalar_one() or ""


def lift_version(connection: Connection, least: int, watch_id: int | None = None) -> int:
    """Bring a version that is behind `least` to it or above, and every feed's; return the version.

    For a database that was put back to an older state: readers have seen later versions, which
    must not be given out again. Copies are told to start anew.

    Args:
        connection: of a transaction that has locked nothing yet.
        least: above what was served.
        watch_id: whose feed was served; everything's if None. It may be behind where everything,
            which has moved since, is not.
    """
    seq = lock_version(connection)
    behind = seq
    if watch_id is not None:
        query = select(WatchRow.feed_seq).where(WatchRow.watch_id == watch_id)
        behind = connection.execute(query).scalar_one_or_none() or 0
    if behind >= least:
        return seq
    new = max(least, seq + 1)
    connection.execute(update(FeedVersionRow).values(seq=new, pruned_seq=new))
    connection.execute(update(WatchRow).values(feed_seq=new))
    return new
