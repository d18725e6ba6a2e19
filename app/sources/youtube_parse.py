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
    items = items_of(body, "youtube#searchListResponse")
    videos, rejected = read_all(items, _searched)
    return SearchPage(
        videos=videos,
        next_page_token=next_page_token(body),
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

    videos, rejected = read_all(items_of(body, "youtube#videoListResponse"), asked)
    return VideoBatch(videos, rejected)


def items_of(body: object, kind: str) -> list[object]:
    """Return the items of a list; raises UpstreamError for anything else."""
    items = object_of(body).get("items")
    if object_of(body).get("kind") != kind or not isinstance(items, list):
        raise UpstreamError(f"YouTube's answer is not a {kind.removeprefix('youtube#')}")
    return items


def next_page_token(body: object) -> str | None:
    """Return the token of the next page; None at the end."""
    token = object_of(body).get("nextPageToken")
    if not isinstance(token, str | None):  # taken as the end it would hide what comes after
        raise UpstreamError("YouTube's answer has an unreadable nextPageToken")
    return token or None


def read_all(
    items: Iterable[object], read: Callable[[Mapping[str, object]], Video]
) -> tuple[tuple[Video, ...], tuple[str, ...]]:
    """Return the videos of a list's items, each once, and why others were left out."""
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
        return read(object_of(item))
    except InvalidValueError as error:
        return str(error)


def _searched(item: Mapping[str, object]) -> Video:
    # A channel item has been seen in a search for videos only, so the id decides.
    resource = object_of(item.get("id"))
    snippet = object_of(item.get("snippet"))
    return Video(
        video_id=video_id_of(resource.get("videoId"), of_kind=resource.get("kind")),
        title=storable(html.unescape(text_of(snippet.get("title")))),
        description=text_of(snippet.get("description")),
        published_at=_published_at(snippet),
        channel_id=channel_id_of(snippet.get("channelId")),
        channel_title=text_of(snippet.get("channelTitle")),
        detail=Detail.SNIPPET,
        thumbnails=thumbnails_of(snippet),
        live=_broadcast(snippet),
    )


def _told_in_full(item: Mapping[str, object]) -> Video:
    snippet = object_of(item.get("snippet"))
    statistics = object_of(item.get("statistics"))
    language = snippet.get("defaultAudioLanguage") or snippet.get("defaultLanguage")
    return Video(
        video_id=video_id_of(item.get("id"), of_kind=item.get("kind")),
        title=text_of(snippet.get("title")),
        description=text_of(snippet.get("description")),
        published_at=_published_at(snippet),
        channel_id=channel_id_of(snippet.get("channelId")),
        channel_title=text_of(snippet.get("channelTitle")),
        detail=Detail.FULL,
        thumbnails=thumbnails_of(snippet),
        live=_live(item, snippet),
        duration_seconds=_duration(object_of(item.get("contentDetails")).get("duration")),
        category_id=_match(_CATEGORY_ID, snippet.get("categoryId")),
        language=_match(_LANGUAGE, language),
        tags=_tags(snippet),
        view_count=count_of(statistics.get("viewCount")),
        like_count=count_of(statistics.get("likeCount")),
    )


def video_id_of(value: object, *, of_kind: object) -> str:
    """Return a video's id; raises InvalidValueError for anything else."""
    if not isinstance(value, str) or not is_video_id(value):
        raise InvalidValueError(f"no video id but {str(value)[:20]!r} of {str(of_kind)[:30]!r}")
    return value


def channel_id_of(value: object) -> str:
    """Return a channel's id; nothing for anything else."""
    return _match(_CHANNEL_ID, value) or ""


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
    if text_of(object_of(item.get("liveStreamingDetails")).get("actualEndTime")):
        return LiveState.COMPLETED
    return _broadcast(snippet)


def _broadcast(snippet: Mapping[str, object]) -> LiveState | None:
    value = snippet.get("liveBroadcastContent")
    return next((state for state in LiveState if state.value == value), None)


def _duration(value: object) -> int | None:
    """Return seconds; None for zero, which stands for a length not known yet (`P0D`)."""
    match = _DURATION.fullmatch(text_of(value))
    if match is None:
        return None
    amounts = [int(digits or 0) for digits in match.groups()]
    return sum(n * unit for n, unit in zip(amounts, _UNIT_SECONDS, strict=True)) or None


def count_of(value: object) -> int | None:
    """Return a count, which YouTube sends as a string of digits."""
    digits = _match(_COUNT, value)
    return None if digits is None else int(digits)


def thumbnails_of(snippet: Mapping[str, object]) -> CanonicalJson:
    """Return the images of a snippet as they came."""
    return _canonical(object_of(snippet.get("thumbnails"))) or CanonicalJson("{}")


def _tags(snippet: Mapping[str, object]) -> CanonicalJson | None:
    """Return the tags; a video without tags has none in its snippet, which is known to be so."""
    tags = snippet.get("tags", [])
    if not isinstance(tags, list):
        return None
    return _canonical([text_of(tag) for tag in tags if isinstance(tag, str)])


def _canonical(value: object) -> CanonicalJson | None:
    try:
        return CanonicalJson(orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode())
    except orjson.JSONEncodeError:  # lone surrogates, integers beyond 64 bits, deep nesting
        return None


def _match(form: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and form.fullmatch(value) else None


def text_of(value: object) -> str:
    """Return a text that can be stored; nothing for anything else."""
    return storable(value) if isinstance(value, str) else ""


def object_of(value: object) -> Mapping[str, object]:
    """Return a JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}
