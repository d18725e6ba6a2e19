"""A stored video as the JSON object every reader gets; the same rows give the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from app.domain.clock import format_instant

if TYPE_CHECKING:
    from app.domain.videos import StoredVideo


def encode_item(stored: StoredVideo) -> bytes:
    """Encode a video; fields stand in the order of the API's contract, unknown ones as null."""
    video = stored.video
    return orjson.dumps(
        {
            "video_id": video.video_id,
            "title": video.title,
            "description": video.description,
            "published_at": format_instant(video.published_at),
            "channel_id": video.channel_id,
            "channel_title": video.channel_title,
            "thumbnails": orjson.Fragment(video.thumbnails),
            "url": f"https://www.youtube.com/watch?v={video.video_id}",
            "duration_seconds": video.duration_seconds,
            "live": video.live,
            "category_id": video.category_id,
            "language": video.language,
            "tags": None if video.tags is None else orjson.Fragment(video.tags),
            "view_count": video.view_count,
            "like_count": video.like_count,
            "source": stored.source,
            "watches": stored.watches,
            "fetched_at": format_instant(stored.fetched_at),
            "updated_at": format_instant(stored.updated_at),
        }
    )
