"""Pages of what a text is searched for in: they may end before they are full, and lead on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.feeds import CacheState, Cursor, Page
from app.feed.heads import position_of
from app.feed.items import encode_item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.domain.feeds import PageRequest, Position
    from app.domain.text_query import TextQuery
    from app.store.store import Transaction


def search_page(transaction: Transaction, request: PageRequest, text: TextQuery) -> Page:
    """Return a page of the videos that hold a query.

    A search that stopped before the page was full leads on from where it stopped.
    """
    cursor, limit = request.cursor, request.limit
    along = request.oldest_first if cursor is None else cursor.newer
    skip = (request.page - 1) * limit if cursor is None else 0
    found = transaction.feed.search(
        request.feed,
        request.selection,
        text,
        limit + 1,
        skip=skip,
        cursor=cursor,
        oldest_first=request.oldest_first,
    )
    backwards = along != request.oldest_first
    rows = found.rows[-limit:] if backwards else found.rows[:limit]
    positions = [position_of(row) for row in rows]
    way = positions[::-1] if backwards else positions
    more = len(found.rows) > limit
    onward = _onward(way, found.edge, more=more, newer=along)
    back = _back(way, found.edge, newer=not along) if cursor is not None or skip else None
    return Page(
        items=tuple(encode_item(row) for row in rows),
        total=None,
        version=transaction.feed.version(request.feed),
        cache=CacheState.MISS,
        stale_seconds=0,
        next_cursor=back if backwards else onward,
        previous_cursor=onward if backwards else back,
    )


def _onward(
    way: Sequence[Position], edge: Position | None, *, more: bool, newer: bool
) -> Cursor | None:
    """Return what leads on in the direction of the search."""
    last = way[-1] if more else edge
    return None if last is None else Cursor(last, newer=newer)


def _back(way: Sequence[Position], edge: Position | None, *, newer: bool) -> Cursor | None:
    """Return what leads back: from the edge if nothing was found before it."""
    first = way[0] if way else edge
    return None if first is None else Cursor(first, newer=newer)
