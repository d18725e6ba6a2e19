"""Heads: the newest items of a feed, made from the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.feeds import HEAD_ITEMS, Head, Position
from app.feed.items import encode_item

if TYPE_CHECKING:
    from app.domain.feeds import Feed
    from app.domain.videos import StoredVideo
    from app.store.store import Transaction


def build_head(transaction: Transaction, feed: Feed) -> Head:
    """Read and encode the head of a feed from one snapshot.

    Raises:
        NotFoundError: the feed's watch does not exist.
    """
    rows = transaction.feed.list_from_row(feed, 0, HEAD_ITEMS)
    return Head(
        version=transaction.feed.version(feed),
        total=transaction.feed.total(feed),
        positions=tuple(position_of(row) for row in rows),
        items=tuple(encode_item(row) for row in rows),
    )


def build_if_newer(transaction: Transaction, feed: Feed, known: Head | None) -> Head:
    """Return the known head itself if the feed has not changed since, else build it.

    Raises:
        NotFoundError: the feed's watch does not exist.
    """
    if known is not None and transaction.feed.version(feed) == known.version:
        return known
    return build_head(transaction, feed)


def position_of(stored: StoredVideo) -> Position:
    """Return a video's place in every feed."""
    return Position(stored.video.published_at, stored.video.video_id)
