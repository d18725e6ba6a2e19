"""Between rows and values: how a video becomes columns and columns a video."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.videos import CanonicalJson, Detail, LiveState, Video
from app.store.models import VideoRow

if TYPE_CHECKING:
    from sqlalchemy import Row, Select

    Columns = dict[str, object]

TOLD = (
    "video_id",
    "title",
    "description",
    "published_at",
    "channel_id",
    "channel_title",
    "thumbnails",
    "live",
    "duration_seconds",
    "category_id",
    "language",
    "tags",
    "view_count",
    "like_count",
    "detail",
)
"""The columns that hold a telling, named like the fields of `Video`."""

_told = attrgetter(*TOLD)


def select_videos() -> Select[tuple[object, ...]]:
    """Start a query for all columns of videos."""
    return select(VideoRow.__table__)


def told_by(row: Row[tuple[object, ...]]) -> Video:
    """Return the telling a row of `select_videos` holds."""
    return Video(
        video_id=row.video_id,
        title=row.title,
        description=row.description,
        published_at=row.published_at,
        channel_id=row.channel_id,
        channel_title=row.channel_title,
        detail=Detail(row.detail),
        thumbnails=CanonicalJson(row.thumbnails),
        live=None if row.live is None else LiveState(row.live),
        duration_seconds=row.duration_seconds,
        category_id=row.category_id,
        language=row.language,
        tags=None if row.tags is None else CanonicalJson(row.tags),
        view_count=row.view_count,
        like_count=row.like_count,
    )


def columns_of(video: Video) -> Columns:
    """Return the columns of a telling."""
    columns: Columns = dict(zip(TOLD, _told(video), strict=True))
    columns["detail"] = int(video.detail)
    columns["live"] = None if video.live is None else video.live.value
    return columns
