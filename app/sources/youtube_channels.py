"""Bodies of channels.list and playlistItems.list become domain values; as in `youtube_parse`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from app.domain.channels import Channel, is_channel_id
from app.domain.clock import parse_instant
from app.domain.errors import InvalidValueError, UpstreamError
from app.domain.videos import Detail, Video
from app.sources.base import UploadsPage
from app.sources.youtube_parse import (
    channel_id_of,
    count_of,
    items_of,
    next_page_token,
    object_of,
    read_all,
    text_of,
    thumbnails_of,
    video_id_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_CHANNELS = "youtube#channelListResponse"
_PLAYLIST_ITEMS = "youtube#playlistItemListResponse"
_PLAYLIST_ID = re.compile(r"[A-Za-z0-9_-]{10,64}", re.ASCII)


def parse_channel(body: object) -> Channel | None:
    """Read an answer of channels.list to a question about one channel.

    An answer without the channel has no `items` at all (recorded bodies).

    Raises:
        UpstreamError: the body is not such an answer.
    """
    envelope = object_of(body)
    items = items_of({"items": [], **envelope}, _CHANNELS)
    if not items:
        return None
    item = object_of(items[0])
    channel_id = item.get("id")
    if not isinstance(channel_id, str) or not is_channel_id(channel_id):
        raise UpstreamError("YouTube's channel has no channel id")
    playlists = object_of(object_of(item.get("contentDetails")).get("relatedPlaylists"))
    uploads = playlists.get("uploads")
    named = isinstance(uploads, str) and _PLAYLIST_ID.fullmatch(uploads) is not None
    title = text_of(object_of(item.get("snippet")).get("title"))
    videos = count_of(object_of(item.get("statistics")).get("videoCount"))
    return Channel(channel_id, title, str(uploads) if named else None, videos)


def parse_uploads(body: object) -> UploadsPage:
    """Read an answer of playlistItems.list for an uploads playlist.

    Private and deleted videos stand in it without a publish time and an owner of their own
    (recorded bodies).

    Raises:
        UpstreamError: the body is not such an answer.
    """
    items = items_of(body, _PLAYLIST_ITEMS)
    shown = [item for item in items if not _is_hidden(item)]
    videos, rejected = read_all(shown, _uploaded)
    added_at = tuple(at for item in items if (at := _added_at(item)) is not None)
    return UploadsPage(videos, added_at, next_page_token(body), rejected)


def _is_hidden(item: object) -> bool:
    details = object_of(object_of(item).get("contentDetails"))
    owned = "videoOwnerChannelId" in object_of(object_of(item).get("snippet"))
    return bool(details) and "videoPublishedAt" not in details and not owned


def _uploaded(item: Mapping[str, object]) -> Video:
    snippet, details = object_of(item.get("snippet")), object_of(item.get("contentDetails"))
    published_at = details.get("videoPublishedAt")
    if not isinstance(published_at, str):
        raise InvalidValueError("no publish time")
    owner = snippet.get("videoOwnerChannelId") or snippet.get("channelId")
    return Video(
        video_id=video_id_of(details.get("videoId"), of_kind=item.get("kind")),
        title=text_of(snippet.get("title")),
        description=text_of(snippet.get("description")),
        published_at=parse_instant(published_at),
        channel_id=channel_id_of(owner),
        channel_title=text_of(snippet.get("videoOwnerChannelTitle") or snippet.get("channelTitle")),
        detail=Detail.FEED,
        thumbnails=thumbnails_of(snippet),
    )


def _added_at(item: object) -> datetime | None:
    value = object_of(object_of(item).get("snippet")).get("publishedAt")
    try:
        return parse_instant(value) if isinstance(value, str) else None
    except InvalidValueError:
        return None
