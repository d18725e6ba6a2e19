"""A video: what a source says of it, what we keep of it, and how the two are merged."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from enum import IntEnum, StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from datetime import datetime

CanonicalJson = NewType("CanonicalJson", str)
"""JSON text with sorted keys and no blanks, so equal values are equal bytes everywhere."""

_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{11}", re.ASCII)


class LiveState(StrEnum):
    """Where a video stands as a broadcast (YouTube's liveBroadcastContent)."""

    NONE = "none"
    UPCOMING = "upcoming"
    LIVE = "live"
    COMPLETED = "completed"


class Source(StrEnum):
    """Through which door a video came in first."""

    SEARCH = "search"
    UPLOADS = "uploads"
    RSS = "rss"
    WEBSUB = "websub"
    INVIDIOUS = "invidious"


class Detail(IntEnum):
    """How much a source tells of a video; a poorer telling never replaces a richer one."""

    SNIPPET = 1  # search: cut description, no tags, no duration
    FEED = 2  # RSS and uploads playlist: whole text
    FULL = 3  # videos.list


@dataclass(frozen=True, slots=True)
class Video:
    """One telling of a video by a source. None means the source does not say.

    Counts are as of the telling; `thumbnails` is an object and `tags` an array of strings, as
    canonical JSON.
    """

    video_id: str
    title: str
    description: str
    published_at: datetime
    channel_id: str
    channel_title: str
    detail: Detail
    thumbnails: CanonicalJson = CanonicalJson("{}")
    live: LiveState | None = None
    duration_seconds: int | None = None
    category_id: str | None = None
    language: str | None = None
    tags: CanonicalJson | None = None
    view_count: int | None = None
    like_count: int | None = None


@dataclass(frozen=True, slots=True)
class StoredVideo:
    """A video as kept: the best telling so far and its history with us."""

    video: Video
    source: Source
    watches: tuple[int, ...]
    fetched_at: datetime
    updated_at: datetime
    seq: int


def is_video_id(text: str) -> bool:
    """Tell whether `text` has the form of a YouTube video id."""
    return _VIDEO_ID.fullmatch(text) is not None


def merge(stored: Video, told: Video) -> Video:
    """Combine what is stored with a new telling.

    A telling at least as rich as the stored one replaces every field it knows; a poorer one only
    fills what is unknown. Publish times and live states are no exception: the search index lags
    behind the videos themselves, so it may raise a doubt (`disagrees`) but not settle it.
    """
    if told.detail >= stored.detail:
        return _overlay(over=told, base=stored)
    return _overlay(over=stored, base=told)


def disagrees(stored: Video, told: Video) -> bool:
    """Tell whether a poorer telling hints that the stored one is out of date.

    That search calls an ended broadcast `none` is no hint: it has no word for it.
    """
    if told.published_at != stored.published_at or told.title != stored.title:
        return True
    ended = stored.live is LiveState.COMPLETED and told.live is LiveState.NONE
    return told.live is not None and told.live is not stored.live and not ended


def differs(old: Video, new: Video) -> bool:
    """Tell whether a reader would call it a change; view and like counts do not count."""
    return _shown(old) != _shown(new)


def _overlay(*, over: Video, base: Video) -> Video:
    """Fill what `over` does not know; usually that is nothing, and `over` itself is returned."""
    gaps = {
        name: getattr(base, name)
        for name, unknown in _UNKNOWN.items()
        if getattr(over, name) == unknown != getattr(base, name)
    }
    return replace(over, **gaps) if gaps else over


_UNKNOWN: dict[str, str | None] = {
    "title": "",
    "channel_id": "",
    "channel_title": "",
    "thumbnails": "{}",
    "live": None,
    "duration_seconds": None,
    "category_id": None,
    "language": None,
    "tags": None,
    "view_count": None,
    "like_count": None,
}
"""What an empty field holds, for those a poorer telling may fill."""

_NOT_SHOWN = ("view_count", "like_count", "detail")
_shown = attrgetter(*(field.name for field in fields(Video) if field.name not in _NOT_SHOWN))
