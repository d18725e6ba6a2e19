"""A page of a list as every list route answers it: body, links and headers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson

from app.domain.feeds import Cursor, Feed, Page
from app.feed.cursors import encode_cursor
from app.web.parameters import MAX_PAGE
from app.web.replies import canonical_path, page_of_feed, version_named
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

    from app.web.parameters import FeedChoice, NumberedQuery, PagedQuery


@dataclass(frozen=True, slots=True)
class Links:
    """Paths to pages of one list; None where there is no such page."""

    here: str
    first: str
    next: str | None
    previous: str | None

    @property
    def header(self) -> str:
        """The value of the Link header (RFC 8288)."""
        relations = (("next", self.next), ("prev", self.previous), ("first", self.first))
        return ", ".join(f'<{path}>; rel="{name}"' for name, path in relations if path)


def seen_version(path: str, query: PagedQuery) -> int:
    """Return the newest version of this page that the client says it has; 0 if it has none."""
    if query.cursor is not None:
        return 0
    return version_named(numbered_links(path, query, more=False).here)


def chosen_feed(query: FeedChoice) -> Feed:
    """Return the feed that is asked for.

    Raises:
        NotFoundError: there is no such watch, or none with that keyword.
        NothingToServeError: the database is away, and who that watch is is not known here.
    """
    if query.watch is not None:
        return services().feed.resolve_watch(query.watch)
    if query.keyword is not None:
        return services().feed.resolve_keyword(query.keyword)
    return Feed(channel_id=query.channel_id)


def page_reply(path: str, query: PagedQuery, feed: Feed, page: Page) -> Response:
    """Return a page.

    Args:
        path: of the list, below SCRIPT_NAME.
        query: what was asked for.
        feed: what it is a page of.
        page: the answer; its items are joined as they are.
    """
    links = links_of(path, query, page)
    response = page_of_feed(page, feed, _body(query, page, links), address=links.here)
    response.headers["Link"] = links.header
    return response


def links_of(path: str, query: PagedQuery, page: Page) -> Links:
    """Return the paths around a page: by number if it was asked for so, else by cursor.

    A search leads on by cursor in any case: a number would have it search again from the beginning.
    """
    kept = {**query.filters, "limit": str(query.page_length)}

    def to(cursor: str) -> str:
        return canonical_path(path, {**kept, "cursor": cursor})

    after, before = _text(page.next_cursor), _text(page.previous_cursor)
    if query.cursor is None:
        links = numbered_links(path, query, more=after is not None)
        return replace(links, next=to(after)) if after and "q" in kept else links
    return Links(
        here=to(query.cursor),
        first=canonical_path(path, {**kept, "page": "1"}),
        next=to(after) if after else None,
        previous=to(before) if before else None,
    )


def numbered_links(path: str, query: NumberedQuery, *, more: bool) -> Links:
    """Return the paths around a page that was asked for by its number.

    Args:
        path: of the list, below SCRIPT_NAME.
        query: what was asked for.
        more: whether the list goes on after the page.
    """
    kept = {**query.filters, "limit": str(query.page_length)}

    def to(number: int) -> str:
        return canonical_path(path, {**kept, "page": str(number)})

    return Links(
        here=to(query.page),
        first=to(1),
        next=to(query.page + 1) if more and query.page < MAX_PAGE else None,
        previous=to(query.page - 1) if query.page > 1 else None,
    )


def _body(query: PagedQuery, page: Page, links: Links) -> bytes:
    about = orjson.dumps(
        about_page(
            links,
            page=query.page if query.cursor is None else None,
            limit=query.page_length,
            total=page.total,
            next_cursor=_text(page.next_cursor),
            previous_cursor=_text(page.previous_cursor),
        )
    )
    return b'{"items":[' + b",".join(page.items) + b"]," + about[1:]


def about_page(
    links: Links,
    *,
    page: int | None,
    limit: int,
    total: int | None,
    next_cursor: str | None,
    previous_cursor: str | None,
) -> dict[str, object]:
    """Return what every list says after its items."""
    return {
        "page": page,
        "limit": limit,
        "total": total,
        "next": links.next,
        "previous": links.previous,
        "next_cursor": next_cursor,
        "previous_cursor": previous_cursor,
    }


def _text(cursor: Cursor | None) -> str | None:
    return None if cursor is None else encode_cursor(cursor)
