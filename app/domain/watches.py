"""A watch: a keyword or a channel whose videos are kept."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypedDict

from app.domain.errors import InvalidValueError
from app.domain.filters import NO_FILTERS, Filters

if TYPE_CHECKING:
    from datetime import datetime

MAX_TERM_CHARACTERS = 200
MAX_WATCHES = 1000

USUAL_WEIGHT = 1.0

UNDO_WINDOW = timedelta(minutes=5)
"""For so long a removed watch can be brought back: time to see what is missing, and to read on."""


class WatchKind(StrEnum):
    """What is watched."""

    KEYWORD = "keyword"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong, as /ready shows it.

    Args:
        code: stable name for programs.
        since: first instant it was noticed.
        detail: a sentence for people, without secrets.
    """

    code: str
    since: datetime
    detail: str


class WatchOptions(TypedDict, total=False):
    """What can be said of a watch besides what it is for; what is absent stays as it is.

    `min_interval_seconds` of None is the tick; `region` and `language` of None leave the search to
    YouTube. What each may be stands in `options`.
    """

    label: str
    paused: bool
    min_interval_seconds: int | None
    weight: float
    region: str | None
    language: str | None
    filters: Filters
    follow: bool


@dataclass(frozen=True, slots=True)
class Watch:
    """A keyword or channel and how far it has been read.

    `read_until`: every publish time before it was read or stands in an open range.
    `feed_seq`: the feed version at which this watch's feed last changed.
    `last_accessed_at`: when it was last noted that somebody reads the feed, once a minute.
    `last_error`: what ended the last poll; its `since` is when the watch last came to a stop, so
    it begins anew with a poll that got on before it failed.
    `min_interval_seconds`: the least time between two polls of its own; None: a tick.
    `weight`: what its videos count for when calls are shared among watches.
    `region`, `language`: those of its search; None leaves them to YouTube.
    `follow`: channels that keep bringing videos to the keyword are followed for it.
    `refiltering`: its filters have changed and are being applied to what it found before.
    `wanted_at`: when somebody asked for a poll that has not come yet.
    """

    watch_id: int
    kind: WatchKind
    term: str
    label: str
    paused: bool
    created_at: datetime
    next_due_at: datetime
    read_until: datetime
    feed_seq: int
    last_success_at: datetime | None
    last_error: Problem | None
    last_accessed_at: datetime | None = None
    min_interval_seconds: int | None = None
    weight: float = USUAL_WEIGHT
    region: str | None = None
    language: str | None = None
    filters: Filters = NO_FILTERS
    follow: bool = True
    refiltering: bool = False
    wanted_at: datetime | None = None

    def name(self, channel_title: str = "") -> str:
        """Return what people call it: as they named it, else as its channel calls itself."""
        is_unnamed = self.label in ("", self.term)
        return (is_unnamed and channel_title) or self.label or self.term


@dataclass(frozen=True, slots=True)
class RemovedWatch:
    """A watch that was removed and can be brought back until `restorable_until`."""

    watch_id: int
    kind: WatchKind
    term: str
    label: str
    removed_at: datetime

    @property
    def restorable_until(self) -> datetime:
        """When that is over."""
        return self.removed_at + UNDO_WINDOW


@dataclass(frozen=True, slots=True)
class ActiveWatch:
    """What pacing needs to know of a watch that is not paused.

    Args:
        watch_id: whose.
        kind: what is watched.
        term: the keyword, or the channel's id.
        videos: how many of its feed were published since a certain hour.
        first_hour: when the first hour began that had any of them; that hour if there are none.
        looked_until: how far it has been read, by itself or in a packed reading.
        packed_at: when it was last taken for a reading that closes no range: a packed one, or one
            by Invidious.
        min_interval_seconds: the least time between two polls of its own; None: a tick.
        weight: what its videos count for.
        region: of its search.
        language: of its search.
    """

    watch_id: int
    kind: WatchKind
    term: str
    videos: int
    first_hour: datetime
    looked_until: datetime
    packed_at: datetime | None
    min_interval_seconds: int | None = None
    weight: float = USUAL_WEIGHT
    region: str | None = None
    language: str | None = None

    @property
    def locale(self) -> tuple[str | None, str | None]:
        """The region and language of its search: only equals share one."""
        return self.region, self.language


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to fetch for a watch until the lease ends or a higher fence is given out."""

    watch_id: int
    fence: int


def parse_keyword(text: str) -> str:
    """Return the keyword without surrounding white space.

    Raises:
        InvalidValueError: empty, over 200 characters, with control characters or lone surrogates.
    """
    term = text.strip()
    if not 1 <= len(term) <= MAX_TERM_CHARACTERS:
        raise InvalidValueError(f"a keyword has 1 to {MAX_TERM_CHARACTERS} characters")
    categories = {unicodedata.category(character) for character in term}
    if "Cs" in categories:
        raise InvalidValueError("a keyword is valid Unicode text, which this is not")
    if "Cc" in categories:
        raise InvalidValueError("a keyword has no control characters")
    return term
