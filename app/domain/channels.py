"""A channel: how it is named, where its uploads are listed, and how far that list was followed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from app.domain.errors import InvalidValueError

DAWN = datetime(2005, 2, 14, tzinfo=UTC)
"""No video is older than YouTube."""

_CHANNEL_ID = re.compile(r"UC[A-Za-z0-9_-]{22}", re.ASCII)
_HANDLE = re.compile(r"@[\w.\-·]{1,100}")
_HOSTS = ("youtube.com", "www.youtube.com", "m.youtube.com")
_WANTED = "a channel is given as UC..., as @handle, or by the address of one of these on YouTube"


@dataclass(frozen=True, slots=True)
class Channel:
    """What channels.list tells of a channel; without a playlist it lists no uploads."""

    channel_id: str
    title: str
    uploads_playlist_id: str | None


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


def parse_channel_name(text: str) -> str:
    """Return the `UC...` id or the `@handle` in what a person typed: either, or a URL of either.

    Raises:
        InvalidValueError: it is neither.
    """
    name = text.strip()
    if "/" in name:
        name = _named_by_url(name)
    if _CHANNEL_ID.fullmatch(name) or _HANDLE.fullmatch(name):
        return name
    raise InvalidValueError(_WANTED)


def is_channel_id(name: str) -> bool:
    """Tell a channel's id from its handle."""
    return _CHANNEL_ID.fullmatch(name) is not None


def _named_by_url(text: str) -> str:
    try:
        url = urlsplit(text if "//" in text else f"https://{text}")
        host = url.hostname
    except ValueError:
        raise InvalidValueError(_WANTED) from None
    if url.scheme not in ("http", "https") or host not in _HOSTS:
        raise InvalidValueError(_WANTED)
    first, _, rest = url.path.strip("/").partition("/")
    return unquote(rest.partition("/")[0] if first == "channel" else first)
