"""A million stored videos: rows made up by one generator and put straight into the tables."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app.domain.videos import CanonicalJson, Detail, LiveState, Source, Video
from app.store.bulk import insert_rows
from app.store.counts import Counts
from app.store.models import Base
from app.store.rows import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.store.database import Database
    from app.store.rows import Columns

STARTS_AT = datetime(2024, 5, 1, tzinfo=UTC)
SPAN_DAYS = 730
BIG_CHANNEL = f"UC{0:022d}"
SHARE_OF_BIG_CHANNEL = 0.05
SHARE_OF_WATCH = 0.3
SHARE_OF_BUSY_HOUR = 0.1
BUSY_HOUR_AT = STARTS_AT + timedelta(days=300, hours=12)

_SPAN_SECONDS = SPAN_DAYS * 86_400
_CHANNELS = 5_000
_SEED = 4
_BATCH = 5_000
_DESCRIPTION = "What a description of middling length says, with a link or two. " * 5
_THUMBNAILS = CanonicalJson(
    '{"default":{"height":90,"url":"https://i.ytimg.com/1.jpg","width":120}}'
)
_TAGS = CanonicalJson('["news","city","morning"]')


def load(database: Database, videos: int, watch_id: int) -> None:
    """Fill an empty, migrated database with videos, a watch's links and their counts."""
    tables = Base.metadata.tables
    rng = random.Random(_SEED)  # noqa: S311 - the same rows every time are what is wanted
    counts = Counts()
    for start in range(0, videos, _BATCH):
        batch = list(_videos(rng, range(start, min(start + _BATCH, videos))))
        found = [video for video in batch if rng.random() < SHARE_OF_WATCH]
        watched = {video.video_id for video in found}
        for video in batch:
            watches = (watch_id,) if video.video_id in watched else ()
            counts.add(video.channel_id, video.published_at, watches, 1)
        with database.connection() as connection:
            insert_rows(connection, tables["videos"], [_row(video) for video in batch])
            insert_rows(connection, tables["watch_videos"], [_link(it, watch_id) for it in found])
    with database.connection() as connection:
        counts.flush(connection)


def _videos(rng: random.Random, numbers: range) -> Iterator[Video]:
    """Make videos up, in the order of their ids and in no order of their publish times."""
    for number in numbers:
        big = rng.random() < SHARE_OF_BIG_CHANNEL
        channel = 0 if big else rng.randrange(1, _CHANNELS)
        yield Video(
            video_id=f"{number:011d}",
            title=f"A title of some forty characters, no. {number}",
            description=_DESCRIPTION,
            published_at=_published_at(rng),
            channel_id=f"UC{channel:022d}",
            channel_title=f"Channel {channel}",
            detail=Detail.FULL,
            thumbnails=_THUMBNAILS,
            live=LiveState.NONE if number % 50 else LiveState.COMPLETED,
            duration_seconds=rng.randrange(15, 7_200),
            category_id="25",
            language="en",
            tags=_TAGS,
            view_count=number,
            like_count=1,
        )


def _published_at(rng: random.Random) -> datetime:
    if rng.random() < SHARE_OF_BUSY_HOUR:
        return BUSY_HOUR_AT + timedelta(seconds=rng.randrange(3_600))
    return STARTS_AT + timedelta(seconds=rng.randrange(_SPAN_SECONDS))


def _row(video: Video) -> Columns:
    at = video.published_at
    return {
        **columns_of(video),
        "source": Source.SEARCH.value,
        "fetched_at": at,
        "updated_at": at,
        "refreshed_at": at,
        "completed_at": at,
        "refresh_due_at": at,
        "seq": int(video.video_id) + 1,
    }


def _link(video: Video, watch_id: int) -> Columns:
    return {
        "watch_id": watch_id,
        "video_id": video.video_id,
        "published_at": video.published_at,
        "reason": "own_search",
        "uncertain": False,
        "delay_seconds": None,
    }
