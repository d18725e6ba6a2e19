"""GET /channels/{channel_id}/videos: the newest of any channel, watched or not."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson
from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from app.auth.scopes import Scope
from app.domain.channels import ID_WANTED, is_channel_id
from app.domain.videos import is_video_id
from app.web.api import examples
from app.web.api.openapi import also, responses
from app.web.api.video_schemas import ChannelVideoList
from app.web.api.videos import PAGE_HEADERS
from app.web.errors import ErrorObject, error_response
from app.web.limits import costs
from app.web.lists import about_page, numbered_links
from app.web.parameters import Limit, NumberedQuery
from app.web.replies import JSON, cache_control, page_of_feed, version_named
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from app.feed.channel_pages import ChannelPage
    from app.web.lists import Links

channels = APIBlueprint("channels", __name__, tag="Channels")

_ERRORS = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
_UNKNOWN = {HTTPStatus.NOT_FOUND: ErrorObject("not_found", "YouTube knows no such channel.")}
_AWAITED_HEADERS = ("Cache-Control", "Link", "Retry-After")


class ChannelVideosQuery(NumberedQuery):
    """Which page of a channel's videos."""

    limit: Limit = Field(default=5, description="Items on a page.", examples=[5])


@channels.get("/channels/<channel_id>/videos")
@scope(Scope.VIDEOS_READ)
@costs(5)
@channels.input(ChannelVideosQuery, location="query", arg_name="query")
@channels.output(ChannelVideoList, example=examples.CHANNEL_VIDEOS)
@channels.doc(
    operation_id="list_videos_of_channel",
    responses={
        **responses(
            *_ERRORS,
            headers=(*PAGE_HEADERS, "Retry-After"),
            cached=True,
            examples=_UNKNOWN,
        ),
        **also(
            "ChannelVideoList",
            examples.CHANNEL_VIDEOS_AWAITED,
            *_AWAITED_HEADERS,
            status=HTTPStatus.ACCEPTED,
        ),
    },
)
def list_videos_of_channel(channel_id: str, query: ChannelVideosQuery) -> Response:
    """List the newest videos of a channel, newest first.

    Of a channel that is watched they are those that are stored. Of any other the newest, at most
    50, are fetched when somebody asks: 202 as long as there is nothing, 200 with `complete: false`
    as long as there is something less or older, each with Retry-After. They are kept for 5 minutes
    and are in no feed. 404 if YouTube knows no such channel, which is remembered for an hour.
    """
    if not is_channel_id(channel_id):
        return _refusal(channel_id)
    path = f"/channels/{channel_id}/videos"
    here = numbered_links(path, query, more=False).here
    found = services().channel_pages.page(
        channel_id, query.page, query.page_length, at_least=version_named(here)
    )
    links = numbered_links(path, query, more=found.page.next_cursor is not None)
    response = _reply(found, links, _body(found, links, query))
    response.headers["Link"] = links.header
    return response


def _refusal(text: str) -> Response:
    taken_for = "this looks like the id of a video; " if is_video_id(text) else ""
    error = ErrorObject("invalid_channel_id", f"channel_id: {taken_for}{ID_WANTED}")
    return error_response(HTTPStatus.BAD_REQUEST, error)


def _body(found: ChannelPage, links: Links, query: ChannelVideosQuery) -> bytes:
    about = about_page(
        links,
        page=query.page,
        limit=query.page_length,
        total=found.page.total,
        next_cursor=None,
        previous_cursor=None,
    )
    complete = {"complete": found.retry_after_seconds is None}
    rest = orjson.dumps({**about, **complete})
    return b'{"items":[' + b",".join(found.page.items) + b"]," + rest[1:]


def _reply(found: ChannelPage, links: Links, body: bytes) -> Response:
    if found.retry_after_seconds is not None:
        status = HTTPStatus.OK if found.found else HTTPStatus.ACCEPTED
        response = Response(body, status, content_type=JSON)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Retry-After"] = str(found.retry_after_seconds)
        return response
    if found.page.version:
        return page_of_feed(found.page, None, body, address=links.here)
    response = Response(body, content_type=JSON)
    response.headers["Cache-Control"] = cache_control()
    return response
