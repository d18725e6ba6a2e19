"""GET /videos and GET /videos/{video_id}."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from apiflask import APIBlueprint

from app.auth.scopes import Scope
from app.domain.errors import NotFoundError
from app.domain.videos import is_video_id
from app.web.api import examples
from app.web.api.openapi import responses
from app.web.api.video_schemas import Item, VideoList
from app.web.errors import ErrorObject
from app.web.lists import chosen_feed, page_reply, seen_version
from app.web.parameters import FeedChoice, Query
from app.web.replies import cacheable_json, canonical_path
from app.web.scopes import scope
from app.web.selections import FeedQuery
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

    from app.domain.feeds import Feed

videos = APIBlueprint("videos", __name__, tag="Videos")

_CACHED = ("ETag", "Cache-Control", "Vary")
_ERRORS = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
_NO_VIDEO = {HTTPStatus.NOT_FOUND: ErrorObject("not_found", "There is no such video.")}
PAGE_HEADERS = (*_CACHED, "Link", "X-Cache", "Age")


class VideosQuery(FeedChoice, FeedQuery):
    """Of which feed, which videos, and which page of them."""


@videos.get("/videos")
@scope(Scope.VIDEOS_READ)
@videos.input(VideosQuery, location="query", arg_name="query")
@videos.output(VideoList, example=examples.VIDEO_LIST)
@videos.doc(
    operation_id="list_videos",
    responses=responses(*_ERRORS, headers=PAGE_HEADERS, cached=True),
)
def list_videos(query: VideosQuery) -> Response:
    """List videos, newest first.

    Without a filter it is the feed of everything; `watch`, `keyword` and `channel_id` choose
    another and exclude each other. None has what the filters of every watch that found it exclude.
    The other filters narrow any of them down; with any but `published_after` and
    `published_before` videos are not counted: `total` is null, and a page far down takes time when
    asked for by number. Page by number, or by cursor to meet every video once while new ones
    arrive. A page beyond the end is empty.
    """
    return reply_with_page("/videos", chosen_feed(query), query)


def reply_with_page(path: str, feed: Feed, query: FeedQuery) -> Response:
    """Return what is asked for of a feed, for every route that lists one.

    Args:
        path: of the route, below SCRIPT_NAME; other pages are linked to by it.
        feed: that exists.
        query: which of its videos, in which order, which page.
    """
    page = services().feed.page(query.request_of(feed), at_least=seen_version(path, query))
    return page_reply(path, query, feed, page)


@videos.get("/videos/<video_id>")
@scope(Scope.VIDEOS_READ)
@videos.input(Query, location="query", arg_name="query")
@videos.output(Item, example=examples.VIDEO)
@videos.doc(
    operation_id="get_video",
    responses=responses(*_ERRORS, headers=_CACHED, cached=True, examples=_NO_VIDEO),
)
def get_video(video_id: str, query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Return one video."""
    if not is_video_id(video_id):
        raise NotFoundError("There is no such video.")
    video = services().feed.video(video_id)
    address = canonical_path(f"/videos/{video_id}", {})
    return cacheable_json(video.body, version=video.version, address=address)
