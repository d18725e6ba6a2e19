"""Videos as ingest sees them: what is known of them and what is still owed to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select, update

from app.domain.refreshing import ABSENCE_CONFIRMED_AFTER
from app.store.feed import list_stored
from app.store.models import VideoRow, WatchVideoRow
from app.store.rows import select_videos, told_by

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from app.domain.videos import StoredVideo, Video


class VideoRepository:
    """Reads videos for ingest within one transaction; only `Intake` writes their content."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_told(self, video_ids: Collection[str]) -> dict[str, Video]:
        """Return the stored telling of each of these videos that is known."""
        rows = self._connection.execute(select_videos().where(VideoRow.video_id.in_(video_ids)))
        return {row.video_id: told_by(row) for row in rows}

    def find_stored(self, video_id: str) -> StoredVideo | None:
        """Return a stored video as its readers would see it, whether they do or not."""
        query = select_videos().where(VideoRow.video_id == video_id)
        return next(iter(list_stored(self._connection, query)), None)

    def list_found(self, watch_id: int, limit: int) -> list[tuple[Video, str | None]]:
        """Return the newest videos of a watch's feed and of what its filters keep out of it.

        Each comes with the filter that does; uncertain and hidden ones are left out, which no
        filter brings into the feed or takes out of it.
        """
        link = WatchVideoRow
        certain = link.watch_id == watch_id, link.uncertain.is_(False), VideoRow.hidden_at.is_(None)
        query = select(link.excluded_by, VideoRow.__table__).join(
            VideoRow, VideoRow.video_id == link.video_id
        )
        newest = query.where(*certain).order_by(link.published_at.desc(), link.video_id.desc())
        rows = self._connection.execute(newest.limit(limit))
        return [(told_by(row), row.excluded_by) for row in rows]

    def list_incomplete(self, limit: int) -> list[str]:
        """Return ids that videos.list has not told yet, without those it left out before."""
        owed = VideoRow.completed_at.is_(None), VideoRow.missing_since.is_(None)
        query = select(VideoRow.video_id).where(*owed).order_by(VideoRow.published_at.desc())
        return list(self._connection.execute(query.limit(limit)).scalars())

    def mark_missing(self, video_ids: Collection[str], now: datetime) -> None:
        """Note that videos.list was asked for these and did not return them; it is asked again."""
        asked = VideoRow.video_id.in_(video_ids)
        again_at = now + ABSENCE_CONFIRMED_AFTER
        self._connection.execute(update(VideoRow).where(asked).values(refresh_due_at=again_at))
        first = update(VideoRow).where(asked, VideoRow.missing_since.is_(None))
        self._connection.execute(first.values(missing_since=now))

    def list_missing(self, video_ids: Collection[str], since: datetime) -> list[str]:
        """Return those of these videos that were missing by then already."""
        missing = VideoRow.video_id.in_(video_ids), VideoRow.missing_since <= since
        query = select(VideoRow.video_id).where(*missing)
        return list(self._connection.execute(query).scalars())

    def claim_refresh(self, due_at: datetime, leased_until: datetime, limit: int) -> list[str]:
        """Take videos that were due for a refresh by then, the longest due first.

        They are due again when the lease ends, unless they are refreshed before. The feed version
        must be locked, so that nobody else takes the same.
        """
        due = select(VideoRow.video_id).where(VideoRow.refresh_due_at <= due_at)
        longest = due.order_by(VideoRow.refresh_due_at, VideoRow.video_id).limit(limit)
        video_ids = list(self._connection.execute(longest).scalars())
        if video_ids:
            taken = update(VideoRow).where(VideoRow.video_id.in_(video_ids))
            self._connection.execute(taken.values(refresh_due_at=leased_until))
        return video_ids

    def postpone_refresh(self, due_at: Mapping[str, datetime], leased_until: datetime) -> None:
        """Set when these are due, except those that are not due before the lease ends anyway."""
        statement = update(VideoRow).where(
            VideoRow.video_id == bindparam("key"), VideoRow.refresh_due_at <= leased_until
        )
        rows = [{"key": video_id, "due": at} for video_id, at in sorted(due_at.items())]
        self._connection.execute(statement.values(refresh_due_at=bindparam("due")), rows)

    def next_refresh_at(self) -> datetime | None:
        """Return when the first video is due for a refresh; None if there is no video."""
        return self._connection.execute(select(func.min(VideoRow.refresh_due_at))).scalar_one()

    def oldest_refresh_at(self) -> datetime | None:
        """Return when the video that was refreshed longest ago was; None if there is no video."""
        return self._connection.execute(select(func.min(VideoRow.refreshed_at))).scalar_one()

    def list_refreshed_before(self, before: datetime, limit: int) -> list[str]:
        """Return ids of videos that were not refreshed since then, the longest ago first."""
        query = select(VideoRow.video_id).where(VideoRow.refreshed_at <= before)
        return list(
            self._connection.execute(query.order_by(VideoRow.refreshed_at).limit(limit)).scalars()
        )

    def list_last_refreshed(self, limit: int) -> list[str]:
        """Return ids of the videos that were told last, none of them missing."""
        query = select(VideoRow.video_id).where(VideoRow.missing_since.is_(None))
        last = query.order_by(VideoRow.refreshed_at.desc()).limit(limit)
        return list(self._connection.execute(last).scalars())

    def list_ids(self, after: str, limit: int) -> list[str]:
        """Return ids in their order, from the one after `after` on."""
        query = select(VideoRow.video_id).where(VideoRow.video_id > after)
        return list(
            self._connection.execute(query.order_by(VideoRow.video_id).limit(limit)).scalars()
        )
