"""No cache: for a process that shares none with the one that publishes.

A head kept in such a process would never be replaced by a newer one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.domain.feeds import Feed, Head


class NoFeedCache:
    """Keeps nothing, so every head is made from the store."""

    def get(self, feed: Feed) -> Head | None:
        """Return None."""
        del feed
        return None

    def put(self, feed: Feed, head: Head) -> bool:
        """Store nothing, and say so."""
        del feed, head
        return False

    def drop(self, feed: Feed) -> None:
        """Drop nothing."""
        del feed

    def version(self, feed: Feed) -> int | None:
        """Return None."""
        del feed
        return None

    def check_writes(self) -> None:
        """Nothing is ever written."""

    def learn_site(self, site: str) -> None:
        """There is nothing of anybody."""
        del site
