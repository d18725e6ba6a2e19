"""The values of the simulated world: videos, channels and what happens to them.

It knows nothing of HTTP, JSON or the clock.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, TypedDict

Live = Literal["none", "upcoming", "live"]

BASIC_THUMBNAILS = ("default", "medium", "high")
ALL_THUMBNAILS = (*BASIC_THUMBNAILS, "standard", "maxres")
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel; `handle` without the leading @."""

    channel_id: str
    title: str
    handle: str
    description: str
    created_at: datetime
    subscribers: int
    country: str | None = None

    @property
    def uploads_playlist_id(self) -> str:
        """UC... becomes UU... (held for 12 of 12 recorded channels)."""
        return "UU" + self.channel_id[2:]


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a field that a copy of the video has to follow."""

    at: datetime
    field: str
    old: str
    new: str


class Fields(TypedDict, total=False):
    """The fields that can change after a video was published."""

    title: str
    description: str
    published_at: datetime
    deleted_at: datetime
    live: Live
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Video:
    """One video as YouTube's own database would hold it; all instants in whole seconds.

    `seq` is the order of arrival (0 until the world takes it in). `added_at` is the upload,
    `published_at` may move (premieres), `visible_at` is when search may first show it.
    `likes` is None where the owner hides the number.
    """

    video_id: str
    channel: Channel
    title: str
    description: str
    published_at: datetime
    added_at: datetime
    tags: tuple[str, ...] = ()
    category_id: str = "22"
    language: str | None = None
    duration_seconds: int = 60
    views: int = 0
    likes: int | None = 0
    thumbnail_sizes: tuple[str, ...] = ALL_THUMBNAILS
    live: Live = "none"
    scheduled_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    visible_at: datetime = NEVER
    deleted_at: datetime | None = None
    edits: tuple[Edit, ...] = ()
    seq: int = 0

    @property
    def search_text(self) -> str:
        """What a query is matched on, case folded."""
        parts = (self.title, self.description, *self.tags, self.channel.title)
        return "\n".join(parts).casefold()

    def changed(self, at: datetime, fields: Fields) -> Video:
        """A copy with new `fields`; title, description and publish time leave an Edit."""
        edits = tuple(
            Edit(at, name, str(getattr(self, name)), str(fields[name]))
            for name in ("title", "description", "published_at")
            if name in fields and fields[name] != getattr(self, name)
        )
        return replace(self, **fields, edits=self.edits + edits)


@dataclass(frozen=True, slots=True)
class Event:
    """A video appears (`video`), or the one of `video_id` changes (`fields`)."""

    at: datetime
    video: Video | None = None
    video_id: str = ""
    fields: Fields | None = None


def stable_fraction(text: str) -> float:
    """A number in 0..1 that depends on `text` alone."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest()) / 2**48


def stable_id(text: str, size: int) -> str:
    """`size` bytes derived from `text` in YouTube's alphabet: 8 a video id, 16 a channel's."""
    digest = hashlib.blake2b(text.encode(), digest_size=size).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
