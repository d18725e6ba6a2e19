"""search.list: which videos a call selects, in which order, and what it says about their number.

It sees a video only once the index shows it, and never more than 500 results of one query.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from simulator import errors, wire
from simulator.paging import cut_page, page_start
from simulator.params import names
from simulator.query import matcher
from simulator.video import stable_fraction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from simulator.params import Params
    from simulator.video import Video
    from simulator.world import World

RESULT_CAP = 500
HIGHEST_TOTAL = 1_000_000
PARTS = ("id", "snippet")
# The parameters of the discovery document; those of the last line need a signed-in user.
PARAMETERS = names(
    "part channelId channelType eventType location locationRadius maxResults order pageToken "
    "publishedAfter publishedBefore q regionCode relevanceLanguage safeSearch topicId type "
    "videoCaption videoCategoryId videoDefinition videoDimension videoDuration videoEmbeddable "
    "videoLicense videoPaidProductPlacement videoSyndicated videoType "
    "forContentOwner forDeveloper forMine onBehalfOfContentOwner"
)
_VIDEO_FILTERS = sorted(name for name in PARAMETERS if name.startswith("video"))
_LENGTHS = {"short": range(240), "medium": range(240, 1201), "long": range(1201, 10**9)}
_EVENTS = ("live", "upcoming", "completed")
_ORDERS: dict[str, Callable[[Video], tuple[object, ...]]] = {
    "relevance": lambda video: (stable_fraction("relevance" + video.video_id),),
    "rating": lambda video: (-(video.likes or 0), video.seq),
    "title": lambda video: (video.title, video.seq),
    "viewCount": lambda video: (-video.views, video.seq),
    "videoCount": lambda video: (video.channel.channel_id, video.seq),
}


@dataclass(frozen=True, slots=True)
class Search:
    """One call, read and checked. `identity` is what a page token belongs to."""

    parts: set[str]
    identity: str
    matches: Callable[[str], bool] | None
    filters: tuple[Callable[[Video], bool], ...]
    videos_wanted: bool
    order: str
    after: datetime | None
    before: datetime | None
    size: int
    start: int
    region: str


def read(params: Params, *, match_all: bool) -> Search:
    """Check the parameters; ApiError (400) as YouTube answers."""
    types = params.several("type")
    _check_types(params, types)
    query = params.text("q")
    size = params.number("maxResults", default=5, largest=50)
    identity = repr([(name, params.text(name)) for name in sorted(PARAMETERS - {"pageToken"})])
    return Search(
        parts=params.parts(PARTS),
        identity=identity,
        matches=None if match_all or not query.strip() else matcher(query),
        filters=tuple(_filters(params)),
        videos_wanted=not types or "video" in types,
        order=params.choice("order", ("date", *_ORDERS), "relevance"),
        after=params.instant("publishedAfter"),
        before=params.instant("publishedBefore"),
        size=size,
        start=page_start(params.text("pageToken"), identity, size),
        region=params.text("regionCode") or "US",
    )


def _filters(params: Params) -> Iterator[Callable[[Video], bool]]:
    channel_id = params.text("channelId")
    if channel_id:
        yield lambda video: video.channel.channel_id == channel_id
    event = params.choice("eventType", ("", *_EVENTS), "")
    if event:
        yield lambda video: _event(video) == event
    length = params.choice("videoDuration", ("any", *_LENGTHS), "any")
    if length != "any":
        yield lambda video: video.duration_seconds in _LENGTHS[length]


def _check_types(params: Params, types: list[str]) -> None:
    if any(kind not in ("video", "channel", "playlist") for kind in types):
        raise errors.invalid_argument()
    filters = [name for name in ("eventType", *_VIDEO_FILTERS) if params.text(name)]
    if filters and types != ["video"]:
        raise errors.bad_parameter(
            "invalidSearchFilter",
            "The request contains an invalid combination of search filters and/or restrictions.",
            filters[0],
        )


def answer(world: World, search: Search, *, overlap: int = 0) -> wire.Json:
    """The reply. A later page begins `overlap` results early: the drift that repeats videos."""
    found = _results(world, search)
    start = max(0, search.start - overlap)
    page = cut_page(found, start, search.size, search.identity)
    items = [wire.search_item(video, search.parts) for video in page.items]
    envelope = wire.listing(
        "search",
        items,
        total=_estimated_total(len(found), search.identity),
        per_page=search.size if items else 0,
    )
    return {**wire.with_tokens(envelope, page), "regionCode": search.region}


def _results(world: World, search: Search) -> list[Video]:
    if not search.videos_wanted:
        return []  # channels and playlists are not simulated as results
    selected = _selected(world, search, world.now())
    if search.order == "date":
        return list(islice(selected, RESULT_CAP))
    return heapq.nsmallest(RESULT_CAP, selected, key=_ORDERS[search.order])


def _selected(world: World, search: Search, now: datetime) -> Iterator[Video]:
    for video in world.between(search.after, search.before):
        if video.visible_at > now:
            continue
        if search.matches is not None and not search.matches(world.text(video)):
            continue
        if all(accepts(video) for accepts in search.filters):
            yield video


def _event(video: Video) -> str:
    return "completed" if video.ended_at is not None else video.live


def _estimated_total(found: int, identity: str) -> int:
    """A number that is not to be relied on: an estimate, capped (YouTube API docs)."""
    if found >= RESULT_CAP:
        return HIGHEST_TOTAL
    return int(found * (1 + 2 * stable_fraction(identity)))
