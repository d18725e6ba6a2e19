"""GET /: the newest videos, searched, filtered and page by page."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from app.auth.scopes import Scope
from app.domain.feeds import CacheState
from app.feed.cursors import encode_cursor
from app.web.dashboard.cards import card_of
from app.web.dashboard.feed_query import PATH, FeedPageQuery
from app.web.dashboard.first_run import first_run
from app.web.dashboard.pages import page, page_blueprint
from app.web.lists import chosen_feed
from app.web.parameters import MAX_PAGE
from app.web.replies import canonical_path
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response

    from app.domain.feeds import Cursor, Page

dashboard = page_blueprint("dashboard")

_MOST_CHOICES = 200
_NEIGHBOURS = 2
"""Numbered pages that are shown on either side of the present one."""


@dashboard.get(PATH)
@scope(Scope.VIDEOS_READ, or_login=True)
@dashboard.input(FeedPageQuery, location="query", arg_name="query")
def feed(query: FeedPageQuery) -> Response:
    """Show a page of a feed."""
    chosen, overview = chosen_feed(query), services().overview.read()
    found = services().feed.page(query.lengths().request_of(chosen))
    pictured = not services().demo  # of videos that do not exist there are no pictures
    cards = [card_of(item, overview.names, pictured=pictured) for item in found.items]
    is_top = query.cursor is None and query.page == 1
    beginning = first_run(is_empty=not cards and is_top and not query.is_narrowed)
    return page(
        "feed.html",
        has_form=beginning is not None and beginning.may_add,
        first_run=beginning,
        query=query,
        chosen=chosen,
        cards=cards,
        overview=overview,
        watches=_choices(overview.names, chosen.watch_id),
        total=found.total,
        stale_seconds=found.stale_seconds if found.cache is CacheState.STALE else None,
        here=_here(query),
        first=query.path(),
        onward=_by_cursor(query, found.next_cursor),
        back=None if is_top else _by_cursor(query, found.previous_cursor) or query.path(),
        numbers=_numbers(query, found),
        follows=found.version if is_top and not query.oldest_first else None,
        changes=canonical_path("/changes", {}),
    )


def _choices(names: Mapping[int, str], chosen: int | None) -> list[tuple[int, str]]:
    """Return the watches to choose from: not all of a thousand, but always the chosen one."""
    first = dict(islice(names.items(), _MOST_CHOICES))
    if chosen is not None and chosen in names:
        first[chosen] = names[chosen]
    return list(first.items())


def _here(query: FeedPageQuery) -> str:
    if query.cursor is not None:
        return query.path(cursor=query.cursor)
    return query.path(page=None if query.page == 1 else str(query.page))


def _by_cursor(query: FeedPageQuery, cursor: Cursor | None) -> str | None:
    return None if cursor is None else query.path(cursor=encode_cursor(cursor))


def _numbers(query: FeedPageQuery, found: Page) -> list[tuple[int, str]]:
    """Return numbered pages, by number and path, where it is known how many there are."""
    if found.total is None or query.cursor is not None:
        return []
    last = min(MAX_PAGE, -(-found.total // query.page_length))
    near = range(max(1, query.page - _NEIGHBOURS), min(last, query.page + _NEIGHBOURS) + 1)
    shown = sorted({1, *near, last}) if last > 1 else []
    return [(number, query.path(page=None if number == 1 else str(number))) for number in shown]
