"""Which videos moderators hide, and why: kept apart from the videos, which come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, exists, insert, select, update

from app.domain.errors import NotFoundError
from app.domain.moderation import HiddenVideo
from app.store.channel_models import GlanceRow
from app.store.models import HiddenVideoRow, VideoRow
from app.store.removal import Removal

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from app.domain.intake import Recorded

_AMONG = select(HiddenVideoRow.video_id, HiddenVideoRow.hidden_at).where(
    HiddenVideoRow.video_id.in_(bindparam("video_ids", expanding=True))
)
_MARKS = (
    select(HiddenVideoRow.__table__, VideoRow.title)
    .outerjoin(VideoRow, VideoRow.video_id == HiddenVideoRow.video_id)
    .order_by(HiddenVideoRow.hidden_at.desc(), HiddenVideoRow.video_id)
)


def list_hidden(connection: Connection, video_ids: Collection[str]) -> dict[str, datetime]:
    """Return those of these videos that are hidden, stored or not, and since when."""
    rows = connection.execute(_AMONG, {"video_ids": list(video_ids)})
    return {row.video_id: row.hidden_at for row in rows}


class HiddenRepository:
    """Reads and writes marks within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, video_id: str) -> HiddenVideo | None:
        """Return a video's mark; None if nobody hides it."""
        row = self._connection.execute(_MARKS.where(HiddenVideoRow.video_id == video_id)).first()
        return None if row is None else HiddenVideo(*row)

    def list_all(self) -> list[HiddenVideo]:
        """Return every mark, the newest first."""
        return [HiddenVideo(*row) for row in self._connection.execute(_MARKS)]

    def list_among(self, video_ids: Collection[str]) -> dict[str, datetime]:
        """Return those of these videos that are hidden, stored or not, and since when."""
        return list_hidden(self._connection, video_ids)

    def hide(self, mark: HiddenVideo) -> Recorded:
        """Hide a video; of one that is hidden only the note changes.

        Raises:
            NotFoundError: nobody has ever been shown it here.
        """
        removal = Removal(self._connection, mark.hidden_at)
        known = self.find(mark.video_id)
        if known is not None:
            mine = update(HiddenVideoRow).where(HiddenVideoRow.video_id == mark.video_id)
            self._connection.execute(mine.values(note=mark.note))
            return removal.set_hidden(mark.video_id, known.hidden_at)
        if not self._is_known(mark.video_id):
            raise _no_video(mark.video_id)
        self._connection.execute(
            insert(HiddenVideoRow).values(
                video_id=mark.video_id,
                note=mark.note,
                hidden_by=mark.hidden_by,
                hidden_at=mark.hidden_at,
            )
        )
        return removal.set_hidden(mark.video_id, mark.hidden_at)

    def show(self, video_id: str, now: datetime) -> Recorded:
        """Let a video be seen again, wherever its watches want it.

        Raises:
            NotFoundError: nobody hides it, and it is not stored either.
        """
        removal = Removal(self._connection, now)
        mine = delete(HiddenVideoRow).where(HiddenVideoRow.video_id == video_id)
        if not self._connection.execute(mine).rowcount and not self._is_known(video_id):
            raise _no_video(video_id)
        return removal.set_hidden(video_id, None)

    def _is_known(self, video_id: str) -> bool:
        """Tell whether it is stored, or in the listing of a channel that somebody asked for."""
        stored = exists().where(VideoRow.video_id == video_id)
        listed = exists().where(GlanceRow.videos.contains(f'"{video_id}"', autoescape=True))
        return any(self._connection.execute(select(it)).scalar_one() for it in (stored, listed))


def _no_video(video_id: str) -> NotFoundError:
    return NotFoundError(f"there is no video {video_id}")
