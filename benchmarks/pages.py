"""Pages of findings as a poll hands them to the store: made up, the same for the same seed."""

from __future__ import annotations

import json
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app.domain.intake import Finding
from app.domain.videos import CanonicalJson, Detail, LiveState, Source, Video

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

    Page = list[Finding]

PAGE_SIZE = 50
STARTS_AT = datetime(2026, 5, 1, tzinfo=UTC)
SECONDS_BETWEEN_VIDEOS = 60.0
SNIPPET_CHARACTERS = 160
SHARE_WITHOUT_DESCRIPTION = 0.4
MEAN_DESCRIPTION_CHARACTERS = 700
MAX_DESCRIPTION_CHARACTERS = 5000

_ID_CHARACTERS = string.ascii_letters + string.digits + "-_"
_TOLD = """live music news explained the city night over morning full episode part one how we built
a boat for less than you think día después 東京 음악 музыка résumé naïve 🎉 👨‍👩‍👧 https://example.org/a?b=1&c=2"""
_WORDS = tuple(_TOLD.split())


def make_videos(rng: random.Random, count: int) -> list[Video]:
    """Return so many different videos, told in full, oldest first."""
    published_at = STARTS_AT
    videos = []
    for _ in range(count):
        published_at += timedelta(seconds=round(rng.expovariate(1 / SECONDS_BETWEEN_VIDEOS)))
        videos.append(_make_video(rng, published_at))
    return videos


def pages_of(videos: Sequence[Video]) -> list[Sequence[Video]]:
    """Cut videos into pages of 50."""
    return [videos[start : start + PAGE_SIZE] for start in range(0, len(videos), PAGE_SIZE)]


def new_page(videos: Iterable[Video], watch_id: int) -> Page:
    """Return what a poll finds in a page of new videos: each as search and videos.list tell it."""
    told = list(videos)
    return [*known_page(told, watch_id), *told_in_full(told)]


def known_page(videos: Iterable[Video], watch_id: int) -> Page:
    """Return what a poll finds in a page of videos it has: search tells nothing new."""
    return [Finding(_snippet(video), Source.SEARCH, watch_id) for video in videos]


def half_edited(videos: Iterable[Video]) -> list[Video]:
    """Change every second title of a page, from the first on."""
    return [
        replace(video, title=f"{video.title[:90]} (new)") if number % 2 == 0 else video
        for number, video in enumerate(videos)
    ]


def edited_page(edited: Sequence[Video], watch_id: int) -> Page:
    """Return what a poll finds in a half edited page: videos.list tells of what changed."""
    return [*known_page(edited, watch_id), *told_in_full(edited[::2])]


def refreshed_page(videos: Iterable[Video]) -> Page:
    """Return what a refresh of a page brings: nothing new but the views."""
    return told_in_full(replace(v, view_count=(v.view_count or 0) + 1) for v in videos)


def told_in_full(videos: Iterable[Video]) -> Page:
    """Return the findings of a videos.list call."""
    return [Finding(video, Source.SEARCH) for video in videos]


def _snippet(video: Video) -> Video:
    return Video(
        video_id=video.video_id,
        title=video.title,
        description=video.description[:SNIPPET_CHARACTERS],
        published_at=video.published_at,
        channel_id=video.channel_id,
        channel_title=video.channel_title,
        detail=Detail.SNIPPET,
        thumbnails=_thumbnails(video.video_id, ("default", "medium", "high")),
        live=LiveState.NONE,
    )


def _make_video(rng: random.Random, published_at: datetime) -> Video:
    video_id = "".join(rng.choices(_ID_CHARACTERS, k=11))
    channel = rng.randrange(1000)
    return Video(
        video_id=video_id,
        title=_text(rng, 50)[:100],
        description=_text(rng, _description_length(rng)),
        published_at=published_at,
        channel_id=f"UC{channel:022d}",
        channel_title=f"Channel {channel}",
        detail=Detail.FULL,
        thumbnails=_thumbnails(video_id, ("default", "medium", "high", "standard", "maxres")),
        live=LiveState.NONE,
        duration_seconds=rng.randrange(15, 7200),
        category_id=str(rng.randrange(1, 30)),
        language="en",
        tags=CanonicalJson(json.dumps(rng.sample(_WORDS, 5), ensure_ascii=False)),
        view_count=rng.randrange(100_000),
        like_count=rng.randrange(1000),
    )


def _description_length(rng: random.Random) -> int:
    if rng.random() < SHARE_WITHOUT_DESCRIPTION:
        return 0
    return min(MAX_DESCRIPTION_CHARACTERS, int(rng.expovariate(1 / MEAN_DESCRIPTION_CHARACTERS)))


def _text(rng: random.Random, length: int) -> str:
    return " ".join(rng.choices(_WORDS, k=length // 6 + 1))[:length]


def _thumbnails(video_id: str, sizes: Iterable[str]) -> CanonicalJson:
    base = f"https://i.ytimg.com/vi/{video_id}"
    sized = {name: {"height": 90, "url": f"{base}/{name}.jpg", "width": 120} for name in sizes}
    return CanonicalJson(json.dumps(sized, sort_keys=True, separators=(",", ":")))
