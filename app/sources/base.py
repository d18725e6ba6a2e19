"""What a video source is asked and what it answers.

A source fetches and translates. It must not decide whether a call may be made, store anything, or
remember what it fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.domain.channels import Channel
    from app.domain.quota import ApiKey
    from app.domain.ranges import Stretch
    from app.domain.videos import Video

MAX_IDS_PER_CALL = 50
"""How many videos one videos.list call may name (YouTube API docs)."""


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """One page of the videos for `term` published within `stretch`, newest first.

    `page_token` is None for the first page; a token belongs to this term and stretch only.
    `region` (ISO 3166-1) is where the videos can be seen, `language` (ISO 639-1) what they are
    most relevant to (YouTube API docs); None leaves either to YouTube.
    """

    term: str
    stretch: Stretch
    page_token: str | None = None
    region: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of a listing.

    Args:
        videos: in the listed order, each id once; also those outside the stretch, because what
            the source showed is kept.
        next_page_token: None at the end of the listing; the only sign of the end.
        listed: items the source sent: videos, their repetitions, and what was rejected.
        ordered: publish times never increase and all lie in the stretch, so everything after
            the last one has been read.
        rejected: why items were left out, a short line each.
    """

    videos: tuple[Video, ...]
    next_page_token: str | None
    listed: int
    ordered: bool
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VideoBatch:
    """The videos found of those asked for; a missing one is unknown to the source or hidden."""

    videos: tuple[Video, ...]
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelFeed:
    """The newest videos of a channel as its RSS feed shows them: 15 at most (recorded bodies).

    The feed is kept for 15 minutes on its way, so what is younger may be missing.

    Args:
        videos: in the listed order, each id once.
        listed: entries the feed has, those that were rejected included.
        ordered: publish times never increase.
        rejected: why entries were left out, a short line each.
    """

    videos: tuple[Video, ...]
    listed: int
    ordered: bool
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UploadsPage:
    """One page of a channel's uploads, the last added first.

    Args:
        videos: in the listed order, each id once; private and deleted ones are left out.
        added_at: when each listed item was added, in the listed order, those left out included.
        next_page_token: None at the end of the list.
        rejected: why items were left out, a short line each.
    """

    videos: tuple[Video, ...]
    added_at: tuple[datetime, ...]
    next_page_token: str | None
    rejected: tuple[str, ...] = ()


class Recency(StrEnum):
    """How young the videos are that Invidious is asked for; no other bound of its search holds."""

    HOUR = "hour"
    TODAY = "today"


@dataclass(frozen=True, slots=True)
class SuggestionQuery:
    """One page, from 1 on, of what Invidious finds for a term, the most relevant first.

    `region` (ISO 3166-1) is from where it searches; None leaves it to the instance.
    """

    term: str
    recency: Recency
    page: int = 1
    region: str | None = None


@dataclass(frozen=True, slots=True)
class SuggestionPage:
    """The videos that Invidious names: ids, since its times are guessed and its texts cut.

    Args:
        video_ids: in the listed order, each once.
        rejected: why items were left out, a short line each.
    """

    video_ids: tuple[str, ...]
    rejected: tuple[str, ...] = ()


class VideoSource(Protocol):
    """Where videos come from; every failure is a SourceError that names no key and no URL."""

    def search(self, key: ApiKey, query: SearchQuery) -> SearchPage:
        """Return one page of a search; one call of the search bucket."""

    def videos(self, key: ApiKey, video_ids: Sequence[str]) -> VideoBatch:
        """Return all that is known of up to 50 videos; one unit of the general bucket."""


class ChannelSource(Protocol):
    """What the Data API tells of channels; one unit of the general bucket for each call."""

    def channel(self, key: ApiKey, name: str) -> Channel | None:
        """Return the channel of an id or an `@handle`; None if there is none."""

    def uploads(self, key: ApiKey, playlist_id: str, page_token: str | None) -> UploadsPage:
        """Return up to 50 uploads; raises GoneError where there is no such playlist."""


class FeedSource(Protocol):
    """The channel feeds; they need no key and cost no quota."""

    def feed(self, channel_id: str) -> ChannelFeed:
        """Return a channel's newest videos.

        Raises:
            GoneError: the feed answers 404, which it also does for days for channels that exist.
            SourceError: it failed in another way.
        """


class SuggestionSource(Protocol):
    """What names videos for a term and can prove nothing by it; needs no key, costs no quota."""

    def suggest(self, query: SuggestionQuery) -> SuggestionPage:
        """Return one page; an empty one is beyond the last. Every failure is an InvidiousError."""
