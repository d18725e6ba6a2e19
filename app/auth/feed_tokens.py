"""Tokens in the addresses that feed readers keep: each opens one feed, to whoever has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.auth.credentials import FEED_TOKEN, hashed, new_secret
from app.domain.audit import Action
from app.domain.errors import NotFoundError

if TYPE_CHECKING:
    from app.domain.clients import FeedToken
    from app.domain.clock import Clock
    from app.domain.feeds import Feed
    from app.store.store import Store, Transaction


class FeedTokens:
    """Looks after the tokens of feed readers; all may raise StoreUnavailableError.

    Args:
        store: holds them.
        clock: the present.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def add(self, feed: Feed) -> tuple[FeedToken, str]:
        """Make a token for a feed that exists; return it with its secret, told this once."""
        token = new_secret(FEED_TOKEN)
        now = self._clock()

        def change(transaction: Transaction) -> FeedToken:
            stored = transaction.feed_tokens.add(feed, hashed(token), now)
            subject = _subject(stored.feed_token_id)
            transaction.note(Action.FEED_TOKEN_ADDED, subject, now, feed=feed.name)
            return stored

        return self._store.write(change), token

    def list_all(self) -> list[FeedToken]:
        """Return the tokens, oldest first."""
        return self._store.read(lambda transaction: transaction.feed_tokens.list_all())

    def revoke(self, feed_token_id: int) -> None:
        """Let a token open nothing from now on.

        Raises:
            NotFoundError: there is none with this id.
        """

        def change(transaction: Transaction) -> None:
            if not transaction.feed_tokens.delete(feed_token_id):
                raise NotFoundError(f"there is no feed token {feed_token_id}")
            subject = _subject(feed_token_id)
            transaction.note(Action.FEED_TOKEN_REVOKED, subject, self._clock())

        self._store.write(change)

    def opens(self, token: str, feed: Feed) -> bool:
        """Tell whether a token is for this feed. It is looked for by its hash, so no time tells."""
        found = self._store.read(lambda it: it.feed_tokens.find(hashed(token)))
        return found is not None and found.feed == feed


def _subject(feed_token_id: int) -> str:
    return f"feed_token:{feed_token_id}"
