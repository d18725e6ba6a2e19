"""Feeds and pages: which videos, in which order, from which place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.text_query import TextQuery
    from app.domain.videos import LiveState

HEAD_ITEMS = 100
"""How many of the newest items of a feed are kept ready in the cache."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed of videos, newest first: all, one watch's or one channel's. At most one is set."""

    watch_id: int | None = None
    channel_id: str | None = None

    @property
    def name(self) -> str:
        """A name that is unique among feeds, for cache keys and ETags."""
        if self.watch_id is not None:
            return f"watch:{self.watch_id}"
        return "all" if self.channel_id is None else f"channel:{self.channel_id}"


ALL = Feed()


@dataclass(frozen=True, slots=True)
class Selection:
    """Which videos of a feed are wanted. Ends are included; None leaves a side open.

    A video whose duration or live state is unknown is in no selection by it. `text` is looked for
    in title, description, tags and the channel's name.
    """

    published_after: datetime | None = None
    published_before: datetime | None = None
    min_duration_seconds: int | None = None
    max_duration_seconds: int | None = None
    live: LiveState | None = None
    text: TextQuery | None = None


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a feed: order is by (published_at, video_id)."""

    published_at: datetime
    video_id: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """A page boundary: the older side of a position, or the newer one.

    It means the same in both sort orders, which only turn the page round.
    """

    position: Position
    newer: bool = False


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One page of a feed, or of a selection from it, by number (1-based) or by cursor."""

    feed: Feed
    limit: int
    page: int = 1
    cursor: Cursor | None = None
    selection: Selection = EVERYTHING
    oldest_first: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """The newest items of a feed, encoded: `items[i]` stands at `positions[i]`.

    Args:
        version: the feed's seq these items belong to; a higher one is newer.
        total: videos in the whole feed.
        positions: places of the items, newest first.
        items: JSON objects as bytes.
    """

    version: int
    total: int
    positions: tuple[Position, ...]
    items: tuple[bytes, ...]


class CacheState(StrEnum):
    """Where a page came from (the X-Cache header)."""

    HIT = "hit"
    MISS = "miss"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a feed, its items encoded.

    Args:
        items: JSON objects as bytes, in the order asked for.
        total: videos in the whole feed or selection; None where counts do not tell it (by
            duration, live state or text).
        version: the feed version the page belongs to.
        cache: where it came from.
        stale_seconds: age of a stale page, else 0.
        next_cursor: leads to the page after this one in its order; None at the end.
        previous_cursor: leads to the page before it; None at the beginning.
    """

    items: tuple[bytes, ...]
    total: int | None
    version: int
    cache: CacheState
    stale_seconds: int
    next_cursor: Cursor | None
    previous_cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class EncodedVideo:
    """One video as a JSON object, with the seq of its last change."""

    body: bytes
    version: int
