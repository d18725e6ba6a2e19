"""The feed version: one counter that puts every change of content in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from app.store.models import FeedVersionRow

if TYPE_CHECKING:
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


def read_version(connection: Connection) -> int:
    """Return the version of the snapshot."""
    query = select(FeedVersionRow.seq).where(FeedVersionRow.feed_version_id == 1)
    return connection.execute(query).scalar_one()
