"""An Invidious instance beside YouTube: its search, in the shapes of its source code.

No key, no quota, no order by time: the most relevant first, 20 a page. How old a video is it tells
in words, and makes the publish time of them. A parameter it does not know is taken for the usual.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING

from simulator.query import matcher
from simulator.reply import Reply, json_reply
from simulator.video import stable_fraction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from simulator.api import DataApi
    from simulator.video import Video

PATH = "/api/v1/search"
PAGE_ITEMS = 20
_DATES = {
    "hour": timedelta(hours=1),
    "today": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
_UNITS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
_SORTS: dict[str, Callable[[Video], float]] = {
    "relevance": lambda video: stable_fraction("relevance" + video.video_id),
    "views": lambda video: -video.views,
}
_THUMBNAILS = {"high": ("hqdefault", 480, 360), "default": ("default", 120, 90)}
_SHORT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Invidious:
    """Answers searches over the world of an API."""

    api: DataApi

    def search(self, query: Mapping[str, Sequence[str]]) -> Reply:
        """A page of results; an error as it tells any: a status of 400 and a sentence."""
        given = {name: values[-1] for name, values in query.items()}
        page = given.get("page", "1")
        if not given.get("q") or not page.isdecimal():
            return json_reply(400, {"error": "Invalid search query"})
        world = self.api.world
        with world.lock:
            now = world.now()
            order = _SORTS.get(given.get("sort", ""), _SORTS["relevance"])
            end = max(1, int(page)) * PAGE_ITEMS
            found = heapq.nsmallest(end, self._selected(given, now), key=order)
        return json_reply(200, [_item(video, now) for video in found[end - PAGE_ITEMS :]])

    def _selected(self, given: Mapping[str, str], now: datetime) -> Iterator[Video]:
        if given.get("type", "video") not in ("video", "all"):
            return  # channels and playlists are not simulated as results
        age = _DATES.get(given.get("date", ""))
        matches = None if self.api.match_all else matcher(given["q"])
        for video in self.api.world.between(now - age if age else None, now):
            text = self.api.world.text(video)
            if video.visible_at <= now and (matches is None or matches(text)):
                yield video


def _item(video: Video, now: datetime) -> dict[str, object]:
    ago = _ago(now - video.published_at)
    channel = video.channel
    return {
        "type": "shortVideo" if video.duration_seconds < _SHORT_SECONDS else "video",
        "title": video.title,
        "videoId": video.video_id,
        "author": channel.title,
        "authorId": channel.channel_id,
        "authorUrl": f"/channel/{channel.channel_id}",
        "authorVerified": False,
        "videoThumbnails": [
            {"quality": name, "url": f"/vi/{video.video_id}/{file}.jpg", "width": w, "height": h}
            for name, (file, w, h) in _THUMBNAILS.items()
        ],
        "description": video.description[:200],
        "descriptionHtml": escape(video.description[:200]).replace("\n", "<br>"),
        "viewCount": video.views,
        "viewCountText": f"{video.views} views",
        "published": int((now - ago[0]).timestamp()),
        "publishedText": ago[1],
        "lengthSeconds": video.duration_seconds,
        "liveNow": video.live == "live",
        "premium": False,
        "isUpcoming": video.live == "upcoming",
        "isNew": True,
        "hasCaptions": False,
    }


def _ago(age: timedelta) -> tuple[timedelta, str]:
    """An age as it is told, in whole units of the largest kind, and those words."""
    seconds = int(age.total_seconds())
    unit, length = next(
        ((unit, length) for unit, length in _UNITS.items() if seconds >= length), ("second", 1)
    )
    number = seconds // length
    return timedelta(seconds=number * length), f"{number} {unit}{'' if number == 1 else 's'} ago"
