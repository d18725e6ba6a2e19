"""Bodies of the YouTube Data API become domain values.

One bad item costs that item: it is left out with a reason. A body that is not the expected listing
is an UpstreamError. Nothing here does I/O.
"""

from __future__ import annotations

import html
import itertools
import re
from typing import TYPE_CHECKING

import orjson

from app.domain.clock import parse_instant
from app.domain.errors import InvalidValueError, UpstreamError
from app.domain.text import storable
from app.domain.videos import CanonicalJson, Detail, LiveState, Video, is_video_id
from app.sources.base import SearchPage, VideoBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import datetime

    from app.domain.ranges import Stretch

# The digits allowed keep every sum below 2**31.
_DURATION = re.compile(
    r"P(?:(\d{1,3})W)?(?:(\d{1,4})D)?"
    r"(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})(?:[.,]\d+)?S)?)?",
    re.ASCII,
)
_UNIT_SECONDS = (604_800, 86_400, 3_600, 60, 1)
_COUNT = re.compile(r"\d{1,18}", re.ASCII)
_CHANNEL_ID = re.compile(r"[A-Za-z0-9_-]{1,24}", re.ASCII)
_CATEGORY_ID = re.compile(r"\d{1,16}", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{1,35}", re.ASCII)


def parse_search(body: object, stretch: Stretch) -> SearchPage:
    """Read an answer of search.list.

    Its titles are HTML-escaped, its descriptions and channel titles are not (recorded bodies).

    Raises:
        UpstreamError: the body is not such an answer.
    """
    items = _items(body, "youtube#searchListResponse")
    videos, rejected = _read_all(items, _searched)
    return SearchPage(
        videos=videos,
        next_page_token=_next_page_token(body),
        listed=len(items),
        ordered=_is_ordered([video.published_at for video in videos], stretch),
        rejected=rejected,
    )


def parse_videos(body: object, asked_for: Collection[str]) -> VideoBatch:
    """Read an answer of videos.list to a question about certain ids.

    Raises:
        UpstreamError: the body is not such an answer.
    """

    def asked(item: Mapping[str, object]) -> Video:
        video = _told_in_full(item)
        if video.video_id not in asked_for:
            raise InvalidValueError(f"{video.video_id} was not asked for")
        return video

    videos, rejected = _read_all(_items(body, "youtube#videoListResponse"), asked)
    return VideoBatch(videos, rejected)


def _items(body: object, kind: str) -> list[object]:
    items = _object(body).get("items")
    if _object(body).get("kind") != kind or not isinstance(items, list):
        raise UpstreamError(f"YouTube's answer is not a {kind.removeprefix('youtube#')}")
    return items


def _next_page_token(body: object) -> str | None:
    token = _object(body).get("nextPageToken")
    if not isinstance(token, str | None):  # taken as the end it would hide what comes after
        raise UpstreamError("YouTube's answer has an unreadable nextPageToken")
    return token or None


def _read_all(
    items: Iterable[object], read: Callable[[Mapping[str, object]], Video]
) -> tuple[tuple[Video, ...], tuple[str, ...]]:
    videos: dict[str, Video] = {}
    rejected: list[str] = []
    for number, item in enumerate(items):
        told = _read_one(item, read)
        if isinstance(told, Video):
            videos.setdefault(told.video_id, told)
        else:
            rejected.append(f"item {number}: {told}")
    return tuple(videos.values()), tuple(rejected)


def _read_one(item: object, read: Callable[[Mapping[str, object]], Video]) -> Video | str:
    try:
        return read(_object(item))
    except InvalidValueError as error:
        return str(error)


def _searched(item: Mapping[str, object]) -> Video:
    # A channel item has been seen in a search for videos only, so the id decides.
    resource = _object(item.get("id"))
    snippet = _object(item.get("snippet"))
    return Video(
        video_id=_video_id(resource.get("videoId"), of_kind=resource.get("kind")),
        title=storable(html.unescape(_text(snippet.get("title")))),
        description=_text(snippet.get("description")),
        published_at=_published_at(snippet),
        channel_id=_match(_CHANNEL_ID, snippet.get("channelId")) or "",
        channel_title=_text(snippet.get("channelTitle")),
        detail=Detail.SNIPPET,
        thumbnails=_thumbnails(snippet),
        live=_broadcast(snippet),
    )


def _told_in_full(item: Mapping[str, object]) -> Video:
    snippet = _object(item.get("snippet"))
    statistics = _object(item.get("statistics"))
    language = snippet.get("defaultAudioLanguage") or snippet.get("defaultLanguage")
    return Video(
        video_id=_video_id(item.get("id"), of_kind=item.get("kind")),
        title=_text(snippet.get("title")),
        description=_text(snippet.get("description")),
        published_at=_published_at(snippet),
        channel_id=_match(_CHANNEL_ID, snippet.get("channelId")) or "",
        channel_title=_text(snippet.get("channelTitle")),
        detail=Detail.FULL,
        thumbnails=_thumbnails(snippet),
        live=_live(item, snippet),
        duration_seconds=_duration(_object(item.get("contentDetails")).get("duration")),
        category_id=_match(_CATEGORY_ID, snippet.get("categoryId")),
        language=_match(_LANGUAGE, language),
        tags=_tags(snippet),
        view_count=_count(statistics.get("viewCount")),
        like_count=_count(statistics.get("likeCount")),
    )


def _video_id(value: object, *, of_kind: object) -> str:
    if not isinstance(value, str) or not is_video_id(value):
        raise InvalidValueError(f"no video id but {str(value)[:20]!r} of {str(of_kind)[:30]!r}")
    return value


def _published_at(snippet: Mapping[str, object]) -> datetime:
    value = snippet.get("publishedAt")
    if not isinstance(value, str):
        raise InvalidValueError("no publish time")
    return parse_instant(value)


def _is_ordered(times: list[datetime], stretch: Stretch) -> bool:
    seconds = [at.replace(microsecond=0) for at in times]
    falling = all(newer >= older for newer, older in itertools.pairwise(seconds))
    return falling and all(stretch.holds(at) for at in seconds)


def _live(item: Mapping[str, object], snippet: Mapping[str, object]) -> LiveState | None:
    """Tell a broadcast that has ended from a plain upload: YouTube calls both `none`."""
    if _text(_object(item.get("liveStreamingDetails")).get("actualEndTime")):
        return LiveState.COMPLETED
    return _broadcast(snippet)


def _broadcast(snippet: Mapping[str, object]) -> LiveState | None:
    value = snippet.get("liveBroadcastContent")
    return next((state for state in LiveState if state.value == value), None)


def _duration(value: object) -> int | None:
    """Return seconds; None for zero, which stands for a length not known yet (`P0D`)."""
    match = _DURATION.fullmatch(_text(value))
    if match is None:
        return None
    amounts = [int(digits or 0) for digits in match.groups()]
    return sum(n * unit for n, unit in zip(amounts, _UNIT_SECONDS, strict=True)) or None


def _count(value: object) -> int | None:
    """Return a count, which YouTube sends as a string of digits."""
    digits = _match(_COUNT, value)
    return None if digits is None else int(digits)


def _thumbnails(snippet: Mapping[str, object]) -> CanonicalJson:
    return _canonical(_object(snippet.get("thumbnails"))) or CanonicalJson("{}")


def _tags(snippet: Mapping[str, object]) -> CanonicalJson | None:
    """Return the tags; a video without tags has none in its snippet, which is known to be so."""
    tags = snippet.get("tags", [])
    if not isinstance(tags, list):
        return None
    return _canonical([_text(tag) for tag in tags if isinstance(tag, str)])


def _canonical(value: object) -> CanonicalJson | None:
    try:
        return CanonicalJson(orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode())
    except orjson.JSONEncodeError:  # lone surrogates, integers beyond 64 bits, deep nesting
        return None


def _match(form: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and form.fullmatch(value) else None


def _text(value: object) -> str:
    return storable(value) if isinstance(value, str) else ""


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
