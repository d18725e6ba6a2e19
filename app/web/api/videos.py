"""GET /videos and GET /videos/{video_id}."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from apiflask import APIBlueprint
from pydantic import Field, model_validator

from app.auth.scopes import Scope
from app.domain.errors import NotFoundError
from app.domain.feeds import Feed
from app.domain.videos import is_video_id
from app.web.api import examples
from app.web.api.openapi import responses
from app.web.api.schemas import Item, VideoList
from app.web.lists import page_reply, page_request
from app.web.parameters import ChannelId, Keyword, Query, RowId
from app.web.replies import cacheable_json, canonical_path
from app.web.scopes import scope
from app.web.selections import FeedQuery
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

    from app.domain.feeds import PageRequest

videos = APIBlueprint("videos", __name__, tag="Videos")

_CACHED = ("ETag", "Cache-Control", "Vary")
_ERRORS = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
_PAGE = (*_CACHED, "Link", "X-Cache", "Age")


class VideosQuery(FeedQuery):
    """Of which feed, which videos, and which page of them."""

    watch: RowId | None = Field(default=None, description="Only videos of the watch with this id.")
    keyword: Keyword | None = Field(
        default=None, description="Only videos of the watch with this keyword.", examples=["news"]
    )
    channel_id: ChannelId | None = Field(default=None, description="Only videos of this channel.")

    @model_validator(mode="after")
    def _one_feed(self) -> Self:
        self.refuse_together("watch", "keyword", "channel_id")
        return self


@videos.get("/videos")
@scope(Scope.VIDEOS_READ)
@videos.input(VideosQuery, location="query", arg_name="query")
@videos.output(VideoList, example=examples.VIDEO_LIST)
@videos.doc(
    operation_id="list_videos",
    responses=responses(*_ERRORS, headers=_PAGE, cached=True),
)
def list_videos(query: VideosQuery) -> Response:
    """List videos, newest first.

    Without a filter it is the feed of everything; `watch`, `keyword` and `channel_id` choose
    another and exclude each other. The other filters narrow any of them down, and leave it
    uncounted (`total` is null). Page by number, or by cursor to meet every video once while new
    ones arrive. A page beyond the end is empty. Far down in a channel or behind a filter a page
    asked for by number takes time, one asked for by cursor does not.
    """
    page = services().feed.page(_request(query))
    return page_reply("/videos", query, page)


@videos.get("/videos/<video_id>")
@scope(Scope.VIDEOS_READ)
@videos.input(Query, location="query", arg_name="query")
@videos.output(Item, example=examples.VIDEO)
@videos.doc(
    operation_id="get_video",
    responses=responses(*_ERRORS, headers=_CACHED, cached=True),
)
def get_video(video_id: str, query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Return one video."""
    if not is_video_id(video_id):
        raise NotFoundError("There is no such video.")
    video = services().feed.video(video_id)
    address = canonical_path(f"/videos/{video_id}", {})
    return cacheable_json(video.body, version=video.version, address=address)


def _request(query: VideosQuery) -> PageRequest:
    request = page_request(_feed(query), query)
    return replace(request, selection=query.selection, oldest_first=query.oldest_first)


def _feed(query: VideosQuery) -> Feed:
    if query.watch is not None:
        return services().feed.resolve_watch(query.watch)
    if query.keyword is not None:
        return services().feed.resolve_keyword(query.keyword)
    return Feed(channel_id=query.channel_id)
