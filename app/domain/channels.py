"""A channel: its id, where its uploads are listed, and how far that list was followed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NewType

from app.domain.errors import InvalidValueError

DAWN = datetime(2005, 2, 14, tzinfo=UTC)
"""No video is older than YouTube."""

ChannelId = NewType("ChannelId", str)
"""`UC` and 22 more characters."""

ID_WANTED = "a channel is given by its id: UC and 22 letters, digits, - or _"

_CHANNEL_ID = re.compile(r"UC[A-Za-z0-9_-]{22}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Channel:
    """What channels.list tells of a channel; without a playlist it lists no uploads.

    `videos` is how many public ones it has, as far as that is told.
    """

    channel_id: str
    title: str
    uploads_playlist_id: str | None
    videos: int | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """Where a reading of an uploads playlist that did not end goes on.

    Args:
        page_token: of the page that was read last, which is read once more; None for the first.
        read_down_to: everything that came after this second was read.
    """

    page_token: str | None
    read_down_to: datetime


@dataclass(frozen=True, slots=True)
class ChannelState:
    """How a watched channel was followed so far.

    Args:
        playlist_id: of its uploads.
        feed_read_at: when its RSS feed was asked for last and answered.
        feed_failing_since: when the feed began to fail; None while it does not.
        feed_retry_at: when a feed that failed is asked for again.
        uploads_tried_at: when its uploads playlist was read, or tried, last.
        uploads_read_at: when a reading of the playlist began last that showed all it was for.
        walk: where a reading that did not end goes on.
    """

    playlist_id: str
    feed_read_at: datetime | None = None
    feed_failing_since: datetime | None = None
    feed_retry_at: datetime | None = None
    uploads_tried_at: datetime | None = None
    uploads_read_at: datetime | None = None
    walk: Walk | None = None


def usual_playlist(channel_id: str) -> str:
    """Return the uploads playlist of a channel by its usual name, `UU` for `UC`.

    That held for 12 of 12 recorded channels; what channels.list says goes before it.
    """
    return f"UU{channel_id[2:]}"


def parse_channel(text: str) -> ChannelId:
    """Return the id in a text that must be one.

    Raises:
        InvalidValueError: not of the form `UC` and 22 more characters.
    """
    name = text.strip()
    if not is_channel_id(name):
        raise InvalidValueError(ID_WANTED)
    return ChannelId(name)


def is_channel_id(text: str) -> bool:
    """Tell whether a text has the form of a channel's id."""
    return _CHANNEL_ID.fullmatch(text) is not None
