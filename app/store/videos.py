"""Videos as ingest sees them: what is known of them and what is still owed to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from app.store.models import VideoRow
from app.store.rows import select_videos, told_by

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from app.domain.videos import Video


class VideoRepository:
    """Reads videos for ingest within one transaction; only `Intake` writes their content."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_told(self, video_ids: Collection[str]) -> dict[str, Video]:
        """Return the stored telling of each of these videos that is known."""
        rows = self._connection.execute(select_videos().where(VideoRow.video_id.in_(video_ids)))
        return {row.video_id: told_by(row) for row in rows}

    def list_incomplete(self, limit: int) -> list[str]:
        """Return ids that videos.list has not told yet, without those it left out before."""
        owed = VideoRow.completed_at.is_(None), VideoRow.missing_since.is_(None)
        query = select(VideoRow.video_id).where(*owed).order_by(VideoRow.published_at.desc())
        return list(self._connection.execute(query.limit(limit)).scalars())

    def mark_missing(self, video_ids: Collection[str], now: datetime) -> None:
        """Note that videos.list was asked for these and did not return them."""
        self._connection.execute(
            update(VideoRow)
            .where(VideoRow.video_id.in_(video_ids), VideoRow.missing_since.is_(None))
            .values(missing_since=now)
        )
