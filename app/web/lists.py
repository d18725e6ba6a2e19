"""A page of a list as every list route answers it: body, links and headers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from app.domain.feeds import CacheState, Cursor, Feed, Page, PageRequest
from app.feed.cursors import decode_cursor, encode_cursor
from app.web.parameters import MAX_PAGE
from app.web.replies import cacheable_json, canonical_path

if TYPE_CHECKING:
    from flask import Response

    from app.web.parameters import PagedQuery


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


def page_request(feed: Feed, query: PagedQuery) -> PageRequest:
    """Return what the feed is asked for."""
    cursor = None if query.cursor is None else decode_cursor(query.cursor)
    return PageRequest(feed, query.page_length, query.page, cursor)


def page_reply(path: str, query: PagedQuery, page: Page) -> Response:
    """Return a page.

    Args:
        path: of the list, below SCRIPT_NAME.
        query: what was asked for.
        page: the answer; its items are joined as they are.
    """
    links = links_of(path, query, page)
    response = cacheable_json(_body(query, page, links), version=page.version, address=links.here)
    response.headers["Link"] = links.header
    response.headers["X-Cache"] = page.cache.value
    if page.cache is CacheState.STALE:
        response.headers["Age"] = str(page.stale_seconds)
    return response


def links_of(path: str, query: PagedQuery, page: Page) -> Links:
    """Return the paths around a page: by number if it was asked for so, else by cursor."""
    kept = {**query.filters, "limit": str(query.page_length)}

    def to(name: str, value: str) -> str:
        return canonical_path(path, {**kept, name: value})

    first = to("page", "1")
    if query.cursor is not None:
        after, before = _text(page.next_cursor), _text(page.previous_cursor)
        return Links(
            here=to("cursor", query.cursor),
            first=first,
            next=to("cursor", after) if after else None,
            previous=to("cursor", before) if before else None,
        )
    more = page.next_cursor is not None and query.page < MAX_PAGE
    return Links(
        here=to("page", str(query.page)),
        first=first,
        next=to("page", str(query.page + 1)) if more else None,
        previous=to("page", str(query.page - 1)) if query.page > 1 else None,
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
