"""Videos as YouTube's JSON, and the envelope of every list.

Field names and types follow the discovery document; what search does to texts (titles
HTML-escaped, descriptions cut) follows the recorded bodies. It selects nothing.
"""

from __future__ import annotations

import base64
import hashlib
import html
from typing import TYPE_CHECKING

from simulator.video import ALL_THUMBNAILS, BASIC_THUMBNAILS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from simulator.paging import Page
    from simulator.video import Video

Json = dict[str, object]

SEARCH_DESCRIPTION_LENGTH = 160
_IMAGES = {
    "default": ("default", 120, 90),
    "medium": ("mqdefault", 320, 180),
    "high": ("hqdefault", 480, 360),
    "standard": ("sddefault", 640, 480),
    "maxres": ("maxresdefault", 1280, 720),
}


def instant(at: datetime) -> str:
    """Like 2026-10-06T05:30:39Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(seconds: int) -> str:
    """ISO 8601 as YouTube writes it: PT1H2M3S, zero parts left out, P0D for a live stream."""
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    text = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if n)
    return f"PT{text}" if text else "P0D"


def etag(*parts: object) -> str:
    """27 characters that change with what they stand for."""
    digest = hashlib.blake2b(repr(parts).encode(errors="backslashreplace"), digest_size=20).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def thumbnails(video: Video, sizes: Collection[str] = ALL_THUMBNAILS) -> Json:
    """The images of a video; those of a running stream are named *_live."""
    suffix = "_live" if video.live == "live" else ""
    return {
        size: {
            "url": f"https://i.ytimg.com/vi/{video.video_id}/{name}{suffix}.jpg",
            "width": width,
            "height": height,
        }
        for size, (name, width, height) in _IMAGES.items()
        if size in sizes and size in video.thumbnail_sizes
    }


def listing(kind: str, items: Sequence[Json], *, total: int, per_page: int) -> Json:
    """The envelope of every list."""
    return {
        "kind": f"youtube#{kind}ListResponse",
        "etag": etag(kind, total, items),
        "pageInfo": {"totalResults": total, "resultsPerPage": per_page},
        "items": list(items),
    }


def with_tokens(envelope: Json, page: Page[Video]) -> Json:
    """The envelope with the tokens of the neighbouring pages, those that exist."""
    tokens = {"nextPageToken": page.next_token, "prevPageToken": page.previous_token}
    return {**envelope, **{name: token for name, token in tokens.items() if token}}


def search_item(video: Video, parts: Collection[str]) -> Json:
    """A result of search.list; without `snippet` only its id (recorded)."""
    item: Json = {
        "kind": "youtube#searchResult",
        "etag": etag("search", video.seq, video.title, video.published_at),
        "id": {"kind": "youtube#video", "videoId": video.video_id},
    }
    if "snippet" in parts:
        published = instant(video.published_at)
        item["snippet"] = {
            "publishedAt": published,
            "channelId": video.channel.channel_id,
            "title": html.escape(video.title).replace("&#x27;", "&#39;"),
            "description": shortened(video.description),
            "thumbnails": thumbnails(video, BASIC_THUMBNAILS),
            "channelTitle": video.channel.title,
            "liveBroadcastContent": video.live,
            "publishTime": published,
        }
    return item


def shortened(description: str) -> str:
    """A description as search shows it: on one line, cut after a word with " ..."."""
    text = " ".join(description.split())
    if len(text) <= SEARCH_DESCRIPTION_LENGTH:
        return text
    head = text[: SEARCH_DESCRIPTION_LENGTH - 4]
    return (head.rpartition(" ")[0] or head) + " ..."


def video_item(video: Video, parts: Collection[str]) -> Json:
    """A video of videos.list with the parts asked for; unknown ones are left out."""
    item: Json = {
        "kind": "youtube#video",
        "etag": etag("video", video.seq, len(video.edits), video.live, sorted(parts)),
        "id": video.video_id,
    }
    if "snippet" in parts:
        item["snippet"] = _video_snippet(video)
    if "contentDetails" in parts:
        item["contentDetails"] = _content_details(video)
    if "status" in parts:
        item["status"] = _status(video)
    if "statistics" in parts:
        item["statistics"] = _statistics(video)
    if "liveStreamingDetails" in parts and video.scheduled_at is not None:
        item["liveStreamingDetails"] = _live_details(video)
    return item


def _video_snippet(video: Video) -> Json:
    snippet: Json = {
        "publishedAt": instant(video.published_at),
        "channelId": video.channel.channel_id,
        "title": video.title,
        "description": video.description,
        "thumbnails": thumbnails(video),
        "channelTitle": video.channel.title,
        "categoryId": video.category_id,
        "liveBroadcastContent": video.live,
        "localized": {"title": video.title, "description": video.description},
    }
    if video.tags:
        snippet["tags"] = list(video.tags)
    if video.language is not None:
        snippet["defaultLanguage"] = snippet["defaultAudioLanguage"] = video.language
    return snippet


def _content_details(video: Video) -> Json:
    running = video.live != "none"
    return {
        "duration": duration(0 if running else video.duration_seconds),
        "dimension": "2d",
        "definition": "hd",
        "caption": "false",
        "licensedContent": True,
        "contentRating": {},
        "projection": "rectangular",
    }


def _status(video: Video) -> Json:
    return {
        "uploadStatus": "uploaded" if video.live == "upcoming" else "processed",
        "privacyStatus": "public",
        "license": "youtube",
        "embeddable": True,
        "publicStatsViewable": True,
        "madeForKids": False,
    }


def _statistics(video: Video) -> Json:
    counts: Json = {"viewCount": str(video.views), "favoriteCount": "0", "commentCount": "0"}
    if video.likes is not None:
        counts["likeCount"] = str(video.likes)
    return counts


def _live_details(video: Video) -> Json:
    times = {
        "scheduledStartTime": video.scheduled_at,
        "actualStartTime": video.started_at,
        "actualEndTime": video.ended_at,
    }
    return {name: instant(at) for name, at in times.items() if at is not None}
