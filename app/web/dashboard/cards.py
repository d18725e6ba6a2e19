"""Videos as the feed's page shows them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict
from zlib import crc32

import orjson

from app.domain.clock import parse_instant
from app.domain.filters import MAX_SHORT_SECONDS
from app.domain.videos import LiveState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_THUMBNAILS = "https://i.ytimg.com/"
_SIZES = ("medium", "high", "standard", "default")
"""The best fitting first: 320 pixels wide, and of the shape of the video."""


class Item(TypedDict):
    """What is read of a video's JSON object."""

    video_id: str
    title: str
    published_at: str
    channel_id: str
    channel_title: str
    thumbnails: dict[str, dict[str, object]]
    duration_seconds: int | None
    live: str | None
    watches: list[int]


@dataclass(frozen=True, slots=True)
class Badge:
    """A word about a video: its text, its look and what it means."""

    text: str
    kind: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Card:
    """One video.

    Args:
        video_id: of YouTube.
        title: perhaps empty.
        channel_id: of YouTube.
        channel_title: perhaps empty.
        published_at: as YouTube tells it.
        thumbnail: address of its picture; None if it has none.
        duration_seconds: None if unknown or without an end.
        badge: whether it is live, ahead or short; None if it is just a video.
        watches: id and name of those that found it.
    """

    video_id: str
    title: str
    channel_id: str
    channel_title: str
    published_at: datetime
    thumbnail: str | None
    duration_seconds: int | None
    badge: Badge | None
    watches: tuple[tuple[int, str], ...]

    @property
    def tint(self) -> int:
        """Which of the colours stands where there is no picture: one for each channel."""
        return crc32(self.channel_id.encode()) % TINTS

    @property
    def initial(self) -> str:
        """What stands on it: the first letter of the channel."""
        return next((sign for sign in self.channel_title if sign.isalnum()), "").upper()


TINTS = 8

LIVE = Badge("Live", "live", "It is being broadcast.")
PREMIERE = Badge("Premiere", "warn", "A video whose first showing is announced.")
UPCOMING = Badge("Upcoming", "warn", "A broadcast that is announced.")
ENDED = Badge("Was live", "", "A broadcast that is over.")
SHORT = Badge("Short", "", "3 minutes or less. YouTube does not tell which videos are Shorts.")


def card_of(item: bytes, names: Mapping[int, str], *, pictured: bool = True) -> Card:
    """Return what is shown of an encoded video.

    Args:
        item: the JSON object.
        names: of watches, by id; those that are not known by now are left out.
        pictured: whether its picture exists.
    """
    video: Item = orjson.loads(item)
    ahead = video["live"] in (LiveState.LIVE, LiveState.UPCOMING)
    seconds = video["duration_seconds"]
    return Card(
        video_id=video["video_id"],
        title=video["title"],
        channel_id=video["channel_id"],
        channel_title=video["channel_title"],
        published_at=parse_instant(video["published_at"]),
        thumbnail=_thumbnail(video) if pictured else None,
        duration_seconds=None if ahead and not seconds else seconds,
        badge=_badge(video),
        watches=tuple((it, names[it]) for it in video["watches"] if it in names),
    )


def _badge(video: Item) -> Badge | None:
    seconds = video["duration_seconds"]
    match video["live"]:
        case LiveState.LIVE:
            return LIVE
        case LiveState.UPCOMING:
            # A broadcast that has not begun is of no length; what is premiered is a video already.
            return PREMIERE if seconds else UPCOMING
        case LiveState.COMPLETED:
            return ENDED
    is_short = seconds is not None and 0 < seconds <= MAX_SHORT_SECONDS
    return SHORT if is_short else None


def _thumbnail(video: Item) -> str | None:
    for size in _SIZES:
        address = video["thumbnails"].get(size, {}).get("url")
        if isinstance(address, str) and address.startswith(_THUMBNAILS):
            return address
    return None
