"""GET /: the newest videos as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import orjson
from apiflask import APIBlueprint

from app.auth.scopes import Scope
from app.domain.feeds import ALL
from app.web.dashboard.first_run import first_run
from app.web.dashboard.pages import page as drawn
from app.web.lists import links_of, page_request
from app.web.parameters import PagedQuery
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

dashboard = APIBlueprint("dashboard", __name__, enable_openapi=False)


class Entry(TypedDict):
    """What the page shows of a video."""

    video_id: str
    title: str
    channel_title: str
    published_at: str


@dashboard.get("/")
@scope(Scope.VIDEOS_READ, or_login=True)
@dashboard.input(PagedQuery, location="query", arg_name="query")
def feed(query: PagedQuery) -> Response:
    """Show a page of the feed of everything."""
    page = services().feed.page(page_request(ALL, query))
    entries: list[Entry] = [orjson.loads(item) for item in page.items]
    links = links_of("/", query, page)
    beginning = first_run(is_empty=not entries and query.page == 1 and query.cursor is None)
    has_form = beginning is not None and beginning.may_add
    return drawn("feed.html", has_form=has_form, entries=entries, links=links, first_run=beginning)
