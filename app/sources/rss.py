"""The RSS feeds of channels as a source: free of quota, at most 15 videos, up to 15 minutes old.

It asks and translates, once per call. A feed is no authority: it has answered 404 for days for
channels that exist, so what an error or a missing video means is for others to find out.
"""

from __future__ import annotations

import itertools
import re
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import orjson

from app.domain.clock import parse_instant
from app.domain.errors import (
    GoneError,
    InvalidValueError,
    SourceError,
    ThrottledError,
    UpstreamError,
)
from app.domain.text import storable
from app.domain.videos import CanonicalJson, Detail, Video
from app.sources.atom import ATOM, MEDIA, channel_id_at, read_feed, text_at, video_id_at
from app.sources.base import ChannelFeed
from app.sources.bounded_http import HttpUser, RefusedError
from app.sources.youtube_refusal import retry_after_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_FEED_BYTES = 2 << 20
"""Fifteen entries with the longest texts are about 0.3 MB."""

_HEADERS = {"accept": "application/atom+xml, text/xml", "user-agent": "Newsreel"}
_DIGITS = re.compile(r"\d{1,18}", re.ASCII)
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class ChannelFeeds(HttpUser):
    """YouTube's channel feeds; safe to share between threads.

    Args:
        endpoint: where the feeds are, e.g. `https://www.youtube.com/`. It is the operator's word;
            no answer leads anywhere else, as redirects are not followed.
        timeout_seconds: for connecting, and again for a whole answer.
    """

    def __init__(self, endpoint: str, timeout_seconds: float = 10.0) -> None:
        self._endpoint = f"{endpoint.rstrip('/')}/feeds/videos.xml"
        super().__init__(timeout_seconds)

    def feed(self, channel_id: str) -> ChannelFeed:
        """Return the newest videos of a channel, by publish time.

        Raises:
            GoneError: 404 or 410.
            ThrottledError: 429.
            UpstreamError: any other answer that is not a feed, or none in time.
        """
        answer = self._fetch(f"{self._endpoint}?{urlencode({'channel_id': channel_id})}")
        if isinstance(answer, SourceError):
            raise answer  # here, where no exception that holds the URL is its context
        return parse_feed(answer, channel_id)

    def _fetch(self, uri: str) -> bytes | SourceError:
        try:
            _, body = self._http().request(uri, "GET", None, _HEADERS)
        except RefusedError as refused:
            return _refusal(refused)
        except Exception as error:  # noqa: BLE001 - of four libraries, and any may name the URL
            return UpstreamError(f"no usable answer for a channel's feed ({type(error).__name__})")
        return body


def parse_feed(body: bytes, channel_id: str) -> ChannelFeed:
    """Read a channel's feed; an entry that cannot be read, or is of another channel, costs itself.

    Raises:
        UpstreamError: the body is not a feed, or larger than any is.
    """
    if len(body) > MAX_FEED_BYTES:
        raise UpstreamError("a channel's feed is larger than any feed is")
    entries = read_feed(body).findall(f"{ATOM}entry")
    videos: dict[str, Video] = {}
    rejected: list[str] = []
    for number, entry in enumerate(entries):
        try:
            video = _video(entry, channel_id)
        except InvalidValueError as error:
            rejected.append(f"entry {number}: {error}")
        else:
            videos.setdefault(video.video_id, video)
    times = [video.published_at for video in videos.values()]
    return ChannelFeed(
        videos=tuple(videos.values()),
        listed=len(entries),
        ordered=all(newer >= older for newer, older in itertools.pairwise(times)),
        rejected=tuple(rejected),
    )


def _video(entry: Element, channel_id: str) -> Video:
    if channel_id_at(entry) != channel_id:
        raise InvalidValueError("it is of another channel")
    views = entry.find(f"{MEDIA}group/{MEDIA}community/{MEDIA}statistics")
    return Video(
        video_id=video_id_at(entry),
        title=storable(text_at(entry, f"{ATOM}title")),
        description=storable(entry.findtext(f"{MEDIA}group/{MEDIA}description") or ""),
        published_at=parse_instant(text_at(entry, f"{ATOM}published").strip()),
        channel_id=channel_id,
        channel_title=storable(text_at(entry, f"{ATOM}author/{ATOM}name")),
        detail=Detail.FEED,
        thumbnails=_thumbnails(entry),
        view_count=None if views is None else _count(views.get("views", "")),
    )


def _thumbnails(entry: Element) -> CanonicalJson:
    """Return the one image of a feed, by the name the Data API has for its size (`hqdefault`)."""
    image = entry.find(f"{MEDIA}group/{MEDIA}thumbnail")
    if image is None or not (url := image.get("url", "")).startswith("https://"):
        return CanonicalJson("{}")
    sides = {side: _count(image.get(side, "")) for side in ("width", "height")}
    known = {side: pixels for side, pixels in sides.items() if pixels is not None}
    high = {"url": storable(url), **known}
    return CanonicalJson(orjson.dumps({"high": high}, option=orjson.OPT_SORT_KEYS).decode())


def _count(digits: str) -> int | None:
    return int(digits) if _DIGITS.fullmatch(digits) else None


def _refusal(refused: RefusedError) -> SourceError:
    message = f"the channel's feed answered with HTTP {refused.status}"
    wait = retry_after_of(refused.headers)
    if refused.status in _GONE:
        return GoneError(message, retry_after=wait)
    if refused.status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(message, retry_after=wait)
    return UpstreamError(message, retry_after=wait)
