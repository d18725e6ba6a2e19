"""The tokens of feed readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from app.domain.clients import FeedToken
from app.domain.feeds import Feed
from app.store.access_models import FeedTokenRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row


class FeedTokenRepository:
    """Reads and writes feed tokens within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, feed: Feed, token_hash: str, now: datetime) -> FeedToken:
        """Store a token for a feed that exists."""
        statement = insert(FeedTokenRow).values(
            token_hash=token_hash,
            watch_id=feed.watch_id,
            channel_id=feed.channel_id,
            created_at=now,
        )
        added = self._connection.execute(statement).inserted_primary_key
        return FeedToken(added[0] if added else 0, feed, token_hash, now)

    def find(self, token_hash: str) -> FeedToken | None:
        """Return the token with this hash."""
        query = select(FeedTokenRow.__table__).where(FeedTokenRow.token_hash == token_hash)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _feed_token(row)

    def list_all(self) -> list[FeedToken]:
        """Return the tokens, oldest first."""
        query = select(FeedTokenRow.__table__).order_by(FeedTokenRow.feed_token_id)
        return [_feed_token(row) for row in self._connection.execute(query)]

    def delete(self, feed_token_id: int) -> bool:
        """Forget a token; tell whether there was one."""
        gone = delete(FeedTokenRow).where(FeedTokenRow.feed_token_id == feed_token_id)
        return self._connection.execute(gone).rowcount == 1


def _feed_token(row: Row[tuple[object, ...]]) -> FeedToken:
    feed = Feed(watch_id=row.watch_id, channel_id=row.channel_id)
    return FeedToken(row.feed_token_id, feed, row.token_hash, row.created_at)
