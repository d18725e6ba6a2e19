"""Channels and their uploads playlists as YouTube's JSON.

Field names and types follow the discovery document. It selects nothing.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from simulator import wire

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from simulator.video import Channel, Video
    from simulator.wire import Json

_AVATARS = {"default": 88, "medium": 240, "high": 800}


def channel_item(channel: Channel, parts: Collection[str], uploads: Sequence[Video]) -> Json:
    """A channel of channels.list."""
    item: Json = {
        "kind": "youtube#channel",
        "etag": wire.etag("channel", channel.channel_id, len(uploads)),
        "id": channel.channel_id,
    }
    if "snippet" in parts:
        item["snippet"] = _channel_snippet(channel)
    if "contentDetails" in parts:
        playlists = {"likes": "", "uploads": channel.uploads_playlist_id}
        item["contentDetails"] = {"relatedPlaylists": playlists}
    if "statistics" in parts:
        item["statistics"] = {
            "viewCount": str(sum(video.views for video in uploads)),
            "subscriberCount": str(channel.subscribers),
            "hiddenSubscriberCount": False,
            "videoCount": str(len(uploads)),
        }
    return item


def _channel_snippet(channel: Channel) -> Json:
    base = f"https://yt3.ggpht.com/{channel.channel_id[2:]}"
    snippet: Json = {
        "title": channel.title,
        "description": channel.description,
        "customUrl": f"@{channel.handle}",
        "publishedAt": wire.instant(channel.created_at),
        "thumbnails": {
            name: {"url": f"{base}=s{side}-c-k-c0x00ffffff-no-rj", "width": side, "height": side}
            for name, side in _AVATARS.items()
        },
        "localized": {"title": channel.title, "description": channel.description},
    }
    if channel.country is not None:
        snippet["country"] = channel.country
    return snippet


def playlist_items(videos: Iterable[Video], parts: Collection[str], start: int) -> list[Json]:
    """Entries of an uploads playlist, whose positions begin at `start`."""
    return [_playlist_item(video, parts, start + n) for n, video in enumerate(videos)]


def _playlist_item(video: Video, parts: Collection[str], position: int) -> Json:
    playlist_id = video.channel.uploads_playlist_id
    identity = f"{playlist_id}.{video.video_id}".encode()
    item: Json = {
        "kind": "youtube#playlistItem",
        "etag": wire.etag("playlistItem", video.seq, len(video.edits), position),
        "id": base64.urlsafe_b64encode(identity).decode().rstrip("="),
    }
    if "snippet" in parts:
        item["snippet"] = _playlist_snippet(video, playlist_id, position)
    if "contentDetails" in parts:
        item["contentDetails"] = {
            "videoId": video.video_id,
            "videoPublishedAt": wire.instant(video.published_at),
        }
    if "status" in parts:
        item["status"] = {"privacyStatus": "public"}
    return item


def _playlist_snippet(video: Video, playlist_id: str, position: int) -> Json:
    return {
        "publishedAt": wire.instant(video.added_at),
        "channelId": video.channel.channel_id,
        "title": video.title,
        "description": video.description,
        "thumbnails": wire.thumbnails(video),
        "channelTitle": video.channel.title,
        "playlistId": playlist_id,
        "position": position,
        "resourceId": {"kind": "youtube#video", "videoId": video.video_id},
        "videoOwnerChannelTitle": video.channel.title,
        "videoOwnerChannelId": video.channel.channel_id,
    }
