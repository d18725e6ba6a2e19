"""Videos for the pages: plain ones, to be changed with `dataclasses.replace`."""

from __future__ import annotations

from datetime import timedelta

from app.domain.videos import CanonicalJson, Detail, LiveState, Video
from tests.browser.sites import NOW

_THUMBNAILS = (
    '{{"default":{{"height":90,"url":"https://i.ytimg.com/vi/{0}/default.jpg","width":120}},'
    '"high":{{"height":360,"url":"https://i.ytimg.com/vi/{0}/hqdefault.jpg","width":480}},'
    '"medium":{{"height":180,"url":"https://i.ytimg.com/vi/{0}/mqdefault.jpg","width":320}}}}'
)


def thumbnails_of(video_id: str) -> CanonicalJson:
    """Return what YouTube says of a video's thumbnails."""
    return CanonicalJson(_THUMBNAILS.format(video_id))


def video(number: int, age: timedelta | None = None) -> Video:
    """Return a video of some minutes that is so old; by default `number` minutes."""
    video_id = f"video{number:06}"
    return Video(
        video_id=video_id,
        title=f"Video {number}",
        description=f"What happens in video {number}.",
        published_at=NOW - (timedelta(minutes=number) if age is None else age),
        channel_id=f"UC{number % 5:022}",
        channel_title=f"Channel {number % 5}",
        detail=Detail.FULL,
        thumbnails=thumbnails_of(video_id),
        live=LiveState.NONE,
        duration_seconds=61 + number,
        tags=CanonicalJson('["one","two"]'),
        view_count=1000 * number,
    )
