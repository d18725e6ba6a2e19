"""GET /feed.atom and GET /feed.json: the newest videos for feed readers."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

import orjson
from apiflask import APIBlueprint
from pydantic import Field, StringConstraints

from app.auth.scopes import Scope
from app.domain.feeds import PageRequest
from app.feed.syndication import (
    ATOM_TYPE,
    JSON_FEED_TYPE,
    About,
    write_atom,
    write_json_feed,
)
from app.web.api import examples
from app.web.api.openapi import responses
from app.web.api.video_schemas import JsonFeed
from app.web.limits import costs
from app.web.lists import chosen_feed
from app.web.parameters import FeedChoice, Limit
from app.web.replies import canonical_path, page_of_feed, version_named
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask import Response

    from app.feed.syndication import Entry
    from app.web.api.openapi import ResponseDoc

LONGEST_TOKEN = 100
FeedToken = Annotated[str, StringConstraints(max_length=LONGEST_TOKEN)]

feeds = APIBlueprint("feeds", __name__, tag="Feeds")

_RESPONSES = responses(
    *(HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
    headers=("ETag", "Cache-Control", "Vary", "X-Cache", "Age"),
    cached=True,
)
_ATOM: ResponseDoc = {
    **_RESPONSES[HTTPStatus.OK],
    "description": "An Atom feed.",
    "content": {ATOM_TYPE: {"schema": {"type": "string"}, "example": examples.ATOM_FEED}},
}


class NewestQuery(FeedChoice):
    """Of which feed, and how many videos; a reader takes more at once than a page shows."""

    limit: Limit = Field(default=30, description="Videos in the feed.", examples=[30])
    token: FeedToken | None = Field(
        default=None,
        description="A feed reader's token, where reading takes one; it opens this feed alone.",
    )

    @property
    def filters(self) -> dict[str, str]:
        """The parameters that choose the feed; a token is written nowhere."""
        return {name: value for name, value in super().filters.items() if name != "token"}


@feeds.get("/feed.atom")
@scope(Scope.VIDEOS_READ, or_feed_token=True)
@costs(3)
@feeds.input(NewestQuery, location="query", arg_name="query")
@feeds.doc(operation_id="get_atom_feed", responses={**_RESPONSES, HTTPStatus.OK.value: _ATOM})
def atom(query: NewestQuery) -> Response:
    """Return the newest videos as an Atom feed (RFC 4287).

    Without a filter it is the feed of everything; `watch`, `keyword` and `channel_id` choose
    another and exclude each other.
    """
    return _reply("/feed.atom", query, write_atom, ATOM_TYPE)


@feeds.get("/feed.json")
@scope(Scope.VIDEOS_READ, or_feed_token=True)
@costs(3)
@feeds.input(NewestQuery, location="query", arg_name="query")
@feeds.output(JsonFeed, example=examples.JSON_FEED, content_type=JSON_FEED_TYPE)
@feeds.doc(operation_id="get_json_feed", responses=_RESPONSES)
def json_feed(query: NewestQuery) -> Response:
    """Return the newest videos as a JSON Feed (version 1.1).

    Without a filter it is the feed of everything; `watch`, `keyword` and `channel_id` choose
    another and exclude each other.
    """
    return _reply("/feed.json", query, write_json_feed, JSON_FEED_TYPE)


def _reply(
    path: str,
    query: NewestQuery,
    write: Callable[[About, Sequence[Entry]], bytes],
    content_type: str,
) -> Response:
    feed = chosen_feed(query)
    limit = query.page_length
    address = canonical_path(path, {**query.filters, "limit": str(limit)})
    page = services().feed.page(PageRequest(feed, limit), at_least=version_named(address))
    entries: list[Entry] = [orjson.loads(item) for item in page.items]
    about = About(f"urn:newsreel:{feed.name}", _title(query, entries), address)
    body = write(about, entries)
    shared = query.token is None
    return page_of_feed(page, feed, body, content_type, address=address, is_shared=shared)


def _title(query: NewestQuery, entries: Sequence[Entry]) -> str:
    site = "Newsreel demo" if services().demo else "Newsreel"
    if query.watch is not None:
        return f"{site}: watch {query.watch}"
    if query.channel_id is not None:
        channel = entries[0]["channel_title"] if entries else ""
        return f"{site}: {channel or query.channel_id}"
    return site if query.keyword is None else f"{site}: {query.keyword}"
