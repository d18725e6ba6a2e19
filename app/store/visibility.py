"""Which videos feeds show: those that are not hidden and that not every watch excludes.

`videos.visible` says so. It is kept by whatever changes a video's links or hides it, in the same
transaction; here is only what the links have to say of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.store.models import WatchVideoRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection


def list_excluded(connection: Connection, video_ids: Collection[str]) -> set[str]:
    """Return those of these videos that have links, all of them excluded."""
    link = WatchVideoRow
    every_one = func.count(link.excluded_by) == func.count()
    query = select(link.video_id).where(link.video_id.in_(video_ids))
    return set(connection.execute(query.group_by(link.video_id).having(every_one)).scalars())
