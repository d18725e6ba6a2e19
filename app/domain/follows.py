"""Follows: channels that keep bringing videos to a keyword, and what is known of their listings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.channels import ChannelState
    from app.domain.intake import LinkReason
    from app.domain.videos import Video


@dataclass(frozen=True, slots=True)
class Brought:
    """A video in a keyword's feed, and why it is there."""

    video: Video
    reason: LinkReason


@dataclass(frozen=True, slots=True)
class Yield:
    """What a channel has lately brought to a keyword.

    Args:
        watch_id: of the keyword.
        channel_id: whose videos.
        channel_title: as the newest of them tells it.
        matches: videos whose text holds the keyword.
        last_match_at: when the newest of them was published.
    """

    watch_id: int
    channel_id: str
    channel_title: str
    matches: int
    last_match_at: datetime


@dataclass(frozen=True, slots=True)
class Follow:
    """That a channel is followed for a keyword, since when, and what it brought as last counted."""

    brings: Yield
    since: datetime


@dataclass(frozen=True, slots=True)
class FollowedChannel:
    """A channel that is followed, for however many keywords.

    Args:
        channel_id: which.
        next_due_at: when its listing is looked at next.
        listings: how its feed and its uploads playlist were read so far.
        seen: videos of its listings that were judged already, the last ones first.
    """

    channel_id: str
    next_due_at: datetime
    listings: ChannelState
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FollowingWatch:
    """A watch of a keyword for which channels are followed.

    Args:
        watch_id: its id.
        term: the keyword.
        created_at: when it was added: what was published before is left to its own readings.
    """

    watch_id: int
    term: str
    created_at: datetime
